import { chmodSync, lchownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./run.js";
import type { Account } from "./accounts.js";

/** Files of a context by path: text, bytes, or text with a mode. */
export type Files = Readonly<
  Record<string, string | Buffer | { readonly text: string; readonly mode: number }>
>;

/** A new directory that belongs to `account`. */
export function makeDirectory(account: Account, prefix = "tsbuild-e2e-"): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  own(path, account);
  return path;
}

/** Writes files below `directory`, in the name of `account`. */
export function writeFiles(directory: string, files: Files, account: Account): void {
  for (const [name, file] of Object.entries(files)) {
    const path = join(directory, name);
    const made = mkdirSync(dirname(path), { recursive: true });
    for (let parent = dirname(path); made !== undefined; parent = dirname(parent)) {
      own(parent, account);
      if (parent === made) break;
    }
    const plain = typeof file === "string" || Buffer.isBuffer(file);
    writeFileSync(path, plain ? file : file.text);
    own(path, account);
    chmodSync(path, plain ? 0o644 : file.mode);
  }
}

/** Removes what an account made; an ordinary user's files may belong to subordinate ids. */
export async function removeDirectory(path: string, account: Account): Promise<void> {
  if (process.getuid?.() !== 0) {
    const enter = ["unshare", "--user", "--map-auto", "--map-root-user"];
    await run(account, [...enter, "rm", "-rf", path]);
  }
  rmSync(path, { recursive: true, force: true, maxRetries: 10 }); // who was killed may still write there
}

function own(path: string, { uid, gid }: Account): void {
  if (process.getuid?.() === 0) lchownSync(path, uid, gid);
}
