import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { arch } from "node:os";
import { posix } from "node:path";
import { hostPlatform } from "../oci/platform.js";
import { BINFMT, hasInterpreter } from "./binfmt.js";
import { elfArchitecture, HEAD_LENGTH } from "./elf.js";
import { resolveInRootfs } from "./rootfs-path.js";

/** A command line in a root filesystem. */
export interface Program {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
}

/** A machine, and where its kernel tells what it runs by an interpreter. */
export interface Host {
  readonly architecture: string;
  readonly binfmt: string;
}

/** What a processor runs besides its own. */
const related: Readonly<Record<string, readonly string[]>> = { amd64: ["386"], arm64: ["arm"] };

/**
 * What a program is for that this machine cannot run, as images name it: "arm64". Undefined where it
 * can, or where nobody can tell.
 */
export function foreignArchitecture(
  rootPath: string,
  program: Program,
  host: Host = { architecture: hostPlatform(arch()).architecture, binfmt: BINFMT },
): string | undefined {
  const named = findProgram(rootPath, program);
  const head = named && (interpreterOf(rootPath, named) ?? named);
  const architecture = head && elfArchitecture(head);
  if (head === undefined || architecture === undefined) return undefined;
  const own = [host.architecture, ...(related[host.architecture] ?? [])];
  return own.includes(architecture) || hasInterpreter(head, host.binfmt) ? undefined : architecture;
}

/** How the file of a program begins: looked for in PATH, as the runtime does. */
function findProgram(rootPath: string, { argv, env, cwd }: Program): Buffer | undefined {
  const [name = ""] = argv;
  if (name.includes("/")) return readHead(rootPath, posix.resolve(cwd, name));
  const path = env.findLast((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  for (const directory of path.split(":")) {
    const head = readHead(rootPath, posix.resolve(cwd, directory, name));
    if (head !== undefined) return head;
  }
  return undefined;
}

/** Of a script the program that runs it. */
function interpreterOf(rootPath: string, head: Buffer): Buffer | undefined {
  const path = /^#!\s*([^\s]+)/.exec(head.toString("latin1"))?.[1];
  return path === undefined ? undefined : readHead(rootPath, path);
}

function readHead(rootPath: string, path: string): Buffer | undefined {
  try {
    const found = resolveInRootfs(rootPath, path);
    if (found.missing > 0) return undefined;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const fd = openSync(posix.join(rootPath, found.path), flags);
    try {
      if (!fstatSync(fd).isFile()) return undefined;
      const head = Buffer.alloc(HEAD_LENGTH);
      return head.subarray(0, readSync(fd, head, 0, HEAD_LENGTH, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // a loop of links, or nobody may read it
  }
}
