import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { bind, lastErrno } from "./libc.js";
import { SystemError } from "./system-error.js";

const c = {
  flock: bind("int flock(int, int)"),
  fcntl: bind("int fcntl(int, int, void*)"),
};

const { EACCES, EINTR, EWOULDBLOCK } = constants.errno;

/**
 * Opens a file or directory with the flags of open(2), new files for their owner alone, and locks it by flock(2) without
 * waiting. Undefined when another holder is in the way. The caller closes the descriptor, which unlocks it.
 */
export function openLocked(
  path: string,
  flags: number,
  kind: "exclusive" | "shared",
): number | undefined {
  const fd = openSync(path, flags, 0o600);
  let isLocked = false;
  try {
    isLocked = tryLock(fd, kind);
  } finally {
    if (!isLocked) closeSync(fd);
  }
  return isLocked ? fd : undefined;
}

function tryLock(fd: number, kind: "exclusive" | "shared"): boolean {
  const LOCK_SH = 1;
  const LOCK_EX = 2;
  const LOCK_NB = 4;
  if (c.flock(fd, (kind === "exclusive" ? LOCK_EX : LOCK_SH) | LOCK_NB) === 0) return true;
  const errno = lastErrno();
  if (errno === EWOULDBLOCK) return false;
  throw new SystemError("flock", errno, undefined);
}

/**
 * fcntl(2), F_OFD_SETLK, on one byte of a file, which need not be there; without waiting. Holders are open
 * file descriptions: two of one process keep each other out. False when another holder is in the way.
 */
export function tryByteLock(
  fd: number,
  at: bigint,
  kind: "exclusive" | "none" | "shared",
): boolean {
  const F_OFD_SETLK = 37;
  if (c.fcntl(fd, F_OFD_SETLK, oneByte(at, kind)) === 0) return true;
  const errno = lastErrno();
  if (errno === EWOULDBLOCK || errno === EACCES) return false;
  throw new SystemError("fcntl", errno, undefined);
}

/** As `tryByteLock`, but this whole process waits until no other holder is in the way. */
export function lockByte(fd: number, at: bigint, kind: "exclusive" | "shared"): void {
  const F_OFD_SETLKW = 38;
  while (c.fcntl(fd, F_OFD_SETLKW, oneByte(at, kind)) !== 0) {
    if (lastErrno() !== EINTR) throw new SystemError("fcntl", lastErrno(), undefined);
  }
}

function oneByte(at: bigint, kind: keyof typeof lockTypes): Buffer {
  byteLock.writeInt16LE(lockTypes[kind], 0);
  byteLock.writeBigInt64LE(at, 8);
  byteLock.writeBigInt64LE(1n, 16);
  return byteLock;
}

/** struct flock: type, whence, start, length, pid. */
const byteLock = Buffer.alloc(32);
const lockTypes = { shared: 0, exclusive: 1, none: 2 } as const;
