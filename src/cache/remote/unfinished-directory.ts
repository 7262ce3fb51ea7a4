import { closeSync, constants, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { openLocked } from "../../sys/file-locks.js";
import { isSystemError } from "../../sys/system-error.js";
import { DAY } from "../../time.js";

/** What an export has not finished; disposing removes it. */
export interface UnfinishedDirectory extends AsyncDisposable {
  readonly path: string;
}

const PREFIX = ".unfinished-";

/** No export takes that long. */
const LONGEST = DAY;

/** Makes one in `parent` whose lock this process holds; the caller keeps others from looking meanwhile. */
export async function makeUnfinished(parent: string): Promise<UnfinishedDirectory> {
  const path = await mkdtemp(join(parent, `${PREFIX}${machine()}-`));
  const lock = openLocked(path, constants.O_RDONLY, "exclusive");
  if (lock === undefined) throw new Error(`somebody else locked the new directory ${path}`);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      try {
        await rm(path, { recursive: true, force: true });
      } finally {
        closeSync(lock);
      }
    },
  };
}

/**
 * Removes what killed exports have left in `parent`: those of this machine whose lock nobody holds, and those that
 * are a day old, for locks of other machines may not be seen from here.
 */
export async function removeAbandoned(parent: string): Promise<void> {
  const names = await readdir(parent);
  for (const name of names.filter((each) => each.startsWith(PREFIX))) {
    const path = join(parent, name);
    if (await isAbandoned(path, name)) await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LONGEST) return true;
    return name.startsWith(`${PREFIX}${machine()}-`) && isUnlocked(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false; // its owner was faster
    throw error;
  }
}

function isUnlocked(path: string): boolean {
  const lock = openLocked(path, constants.O_RDONLY, "exclusive");
  if (lock !== undefined) closeSync(lock);
  return lock !== undefined;
}

/** Names this machine until it starts anew. */
function machine(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").slice(0, 8);
}
