import { bind, cPath } from "./libc.js";
import { check } from "./system-error.js";

const syscall = bind("long syscall(long, ...)");

/** How openat2(2) walks: symlinks re-rooted at the directory, or forbidden altogether. */
export type Resolve = "in-root" | "no-symlinks";

const resolveFlags: Record<Resolve, bigint> = { "in-root": 0x10n, "no-symlinks": 0x08n | 0x04n };

/**
 * openat2(2): opens `path` below the directory `rootFd` and never leaves it, whatever links are
 * swapped meanwhile. `flags` as of open(2). The caller closes the descriptor.
 */
export function openBeneath(rootFd: number, path: string, flags: number, resolve: Resolve): number {
  const SYS_openat2 = 437; // the same on every architecture
  const how = Buffer.alloc(24); // struct open_how: flags, mode, resolve
  how.writeBigUInt64LE(BigInt(flags), 0);
  how.writeBigUInt64LE(resolveFlags[resolve], 16);
  const name = cPath(path === "" ? "." : path);
  const args = ["int", rootFd, "const char*", name, "void*", how, "size_t", how.byteLength];
  return check(syscall(SYS_openat2, ...args), "openat2", path);
}
