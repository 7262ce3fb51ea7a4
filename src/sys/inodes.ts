import { bind, cPath } from "./libc.js";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "./open-flags.js";
import { check } from "./system-error.js";

const c = {
  mknod: bind("int mknod(const char*, unsigned int, unsigned long)"),
  utimensat: bind("int utimensat(int, const char*, const void*, int)"),
};

/** mknod(2): `mode` with its type bits. An overlayfs whiteout is a char device 0/0. */
export function mknod(path: string, mode: number, major: number, minor: number): void {
  check(c.mknod(cPath(path), mode, makeDevice(major, minor)), "mknod", path);
}

/** glibc's makedev(3), for majors and minors of up to 20 bits. */
function makeDevice(major: number, minor: number): number {
  return (major & 0xfff) * 256 + (minor & 0xff) + (minor & 0xfff00) * 4096;
}

/** utimensat(2): sets the mtime only, to the nanosecond, which node's utimes cannot; no symlink is followed. */
export function setModificationTime(path: string, nanoseconds: bigint): void {
  const UTIME_OMIT = 0x3ffffffen;
  const times = Buffer.alloc(32); // two struct timespec: access, modification
  times.writeBigInt64LE(UTIME_OMIT, 8);
  const fraction = ((nanoseconds % BILLION) + BILLION) % BILLION; // also before 1970
  times.writeBigInt64LE((nanoseconds - fraction) / BILLION, 16);
  times.writeBigInt64LE(fraction, 24);
  check(c.utimensat(AT_FDCWD, cPath(path), times, AT_SYMLINK_NOFOLLOW), "utimensat", path);
}

const BILLION = 1_000_000_000n;
