import { constants } from "node:os";
import { bind, lastErrno } from "./libc.js";

/**
 * The system calls that node lacks, straight from libc. Paths are byte strings (each UTF-16 unit is
 * one byte, see oci/changeset.ts), or host paths in plain ASCII. All are synchronous; a failure
 * throws a SystemError with node's own `code`, `errno`, `syscall` and `path`.
 */
const c = {
  mount: bind("int mount(const char*, const char*, const char*, unsigned long, const char*)"),
  umount2: bind("int umount2(const char*, int)"),
  mknod: bind("int mknod(const char*, unsigned int, unsigned long)"),
  flock: bind("int flock(int, int)"),
  fcntl: bind("int fcntl(int, int, void*)"),
  lsetxattr: bind("int lsetxattr(const char*, const char*, const void*, size_t, int)"),
  lgetxattr: bind("long lgetxattr(const char*, const char*, void*, size_t)"),
  llistxattr: bind("long llistxattr(const char*, void*, size_t)"),
  statx: bind("int statx(int, const char*, int, unsigned int, void*)"),
  pipe2: bind("int pipe2(void*, int)"),
  utimensat: bind("int utimensat(int, const char*, const void*, int)"),
  syscall: bind("long syscall(long, ...)"),
};

const { EACCES, EINTR, EWOULDBLOCK, ENODATA, EOPNOTSUPP, ENOENT, ENOTDIR } = constants.errno;

/** A failed system call, in the shape of node's own errors. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(syscall: string, errno: number, path: string | undefined) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(`${code}: ${syscall}${path === undefined ? "" : ` "${path}"`}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.path = path;
  }
}

const errnoNames = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

/** True for a SystemError, or an error of node's, with one of these codes. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return false;
  return codes.length === 0 || codes.includes(error.code);
}

function cPath(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) {
    if (path.charCodeAt(i) > 0x7f) return Buffer.from(`${path}\0`, "latin1");
  }
  return path;
}

function check(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new SystemError(syscall, lastErrno(), path);
  return result;
}

/** Flags of mount(2). */
export const mountFlags = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  bind: 4096,
  rec: 16384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const;

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  readonly type?: string;
  readonly flags?: number;
  /** As in fstab: "lowerdir=…,upperdir=…". At most one page. */
  readonly options?: string;
}

/** mount(2). */
export function mount({ source, target, type, flags = 0, options }: MountRequest): void {
  const data = options === undefined ? null : cPath(options);
  check(c.mount(cPath(source), cPath(target), type ?? null, flags, data), "mount", target);
}

/** umount2(2) with MNT_DETACH: the mount goes as soon as nobody uses it. */
export function unmount(target: string): void {
  check(c.umount2(cPath(target), 2), "umount2", target);
}

/** File type bits of st_mode. */
export const fileTypes = {
  mask: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  char: 0o020000,
  fifo: 0o010000,
} as const;

/** mknod(2): `mode` with its type bits. An overlayfs whiteout is a char device 0/0. */
export function mknod(path: string, mode: number, major: number, minor: number): void {
  check(c.mknod(cPath(path), mode, makeDevice(major, minor)), "mknod", path);
}

/** glibc's makedev(3), for majors and minors of up to 20 bits. */
function makeDevice(major: number, minor: number): number {
  return (major & 0xfff) * 256 + (minor & 0xff) + (minor & 0xfff00) * 4096;
}

/** flock(2), exclusive or shared, without waiting. False when another holder is in the way. */
export function tryLock(fd: number, kind: "exclusive" | "shared"): boolean {
  const LOCK_NB = 4;
  if (c.flock(fd, (kind === "exclusive" ? 2 : 1) | LOCK_NB) === 0) return true;
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

/** lsetxattr(2): never follows a symlink. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  check(c.lsetxattr(cPath(path), cPath(name), value, value.byteLength, 0), "lsetxattr", path);
}

/** lgetxattr(2): undefined when there is none of that name, or the filesystem has none at all. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const value = Buffer.allocUnsafe(65536); // XATTR_SIZE_MAX
  const size = c.lgetxattr(cPath(path), cPath(name), value, value.byteLength);
  if (size >= 0) return Buffer.from(value.subarray(0, size));
  const errno = lastErrno();
  if (errno === ENODATA || errno === EOPNOTSUPP) return undefined;
  throw new SystemError("lgetxattr", errno, path);
}

/** llistxattr(2): names in the kernel's order; none where the filesystem has no xattrs. */
export function listXattrs(path: string): readonly string[] {
  const size = c.llistxattr(cPath(path), listBuffer, listBuffer.byteLength);
  if (size === 0) return [];
  if (size > 0) return listBuffer.toString("latin1", 0, size - 1).split("\0");
  if (lastErrno() === EOPNOTSUPP) return [];
  throw new SystemError("llistxattr", lastErrno(), path);
}

const listBuffer = Buffer.allocUnsafe(65536); // XATTR_LIST_MAX

const AT_FDCWD = -100;

/**
 * What statx(2) tells of a file, in one buffer that is read again and again: 100,000 files cost no
 * garbage. Times are in nanoseconds.
 */
export class FileStat {
  readonly #bytes = Buffer.alloc(256);
  readonly #words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, 64);

  /**
   * Fills this from `path`, relative to the open directory `directoryFd` where given, without
   * following a symlink at its end; false when there is nothing.
   */
  lstat(path: string, directoryFd = AT_FDCWD): boolean {
    const AT_SYMLINK_NOFOLLOW = 0x100;
    const STATX_BASIC_STATS = 0x7ff;
    const flags = AT_SYMLINK_NOFOLLOW;
    if (c.statx(directoryFd, cPath(path), flags, STATX_BASIC_STATS, this.#bytes) === 0) return true;
    const errno = lastErrno();
    if (errno === ENOENT || errno === ENOTDIR) return false;
    throw new SystemError("statx", errno, path);
  }

  /** st_mode: type and permission bits. */
  get mode(): number {
    return this.#bytes.readUInt16LE(28);
  }
  get type(): number {
    return this.mode & fileTypes.mask;
  }
  get permissions(): number {
    return this.mode & 0o7777;
  }
  get nlink(): number {
    return this.#bytes.readUInt32LE(16);
  }
  get uid(): number {
    return this.#bytes.readUInt32LE(20);
  }
  get gid(): number {
    return this.#bytes.readUInt32LE(24);
  }
  get inode(): bigint {
    return this.#bytes.readBigUInt64LE(32);
  }
  /** In bytes. */
  get size(): number {
    return this.#wide(40);
  }
  get mtimeSeconds(): number {
    return this.#wide(112);
  }
  get mtimeNanoseconds(): bigint {
    return this.#bytes.readBigInt64LE(112) * 1_000_000_000n + BigInt(this.#bytes.readUInt32LE(120));
  }
  get ctimeNanoseconds(): bigint {
    return this.#bytes.readBigInt64LE(96) * 1_000_000_000n + BigInt(this.#bytes.readUInt32LE(104));
  }
  /** As node's own `Stats` has it, to the last bit. */
  get ctimeMilliseconds(): number {
    return this.#wide(96) * 1000 + this.#bytes.readUInt32LE(104) / 1_000_000;
  }
  get deviceMajor(): number {
    return this.#bytes.readUInt32LE(128);
  }
  get deviceMinor(): number {
    return this.#bytes.readUInt32LE(132);
  }
  /** The filesystem's device, as "major:minor". */
  get filesystem(): string {
    return `${this.#bytes.readUInt32LE(136)}:${this.#bytes.readUInt32LE(140)}`;
  }
  /** The struct statx as words, for fingerprints: the word at 8 is at byte 32. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** A signed 64-bit number, as exact as a double is; a bigint would be an object for each. */
  #wide(at: number): number {
    return this.#bytes.readInt32LE(at + 4) * 0x1_0000_0000 + this.#bytes.readUInt32LE(at);
  }
}

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
  return check(c.syscall(SYS_openat2, ...args), "openat2", path);
}

/**
 * pipe2(2), close-on-exec. Node's own pipes to a child are sockets, which a shell's
 * `echo >/dev/stderr` cannot open. The caller closes both ends.
 */
export function makePipe(): { readonly read: number; readonly write: number } {
  const O_CLOEXEC = 0o2000000; // the same on every architecture that node runs on
  const ends = Buffer.alloc(8);
  check(c.pipe2(ends, O_CLOEXEC), "pipe2");
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

/** utimensat(2): sets the mtime only, to the nanosecond, which node's utimes cannot; no symlink is followed. */
export function setModificationTime(path: string, nanoseconds: bigint): void {
  const AT_FDCWD = -100;
  const AT_SYMLINK_NOFOLLOW = 0x100;
  const UTIME_OMIT = 0x3ffffffen;
  const times = Buffer.alloc(32); // two struct timespec: access, modification
  times.writeBigInt64LE(UTIME_OMIT, 8);
  const fraction = ((nanoseconds % BILLION) + BILLION) % BILLION; // also before 1970
  times.writeBigInt64LE((nanoseconds - fraction) / BILLION, 16);
  times.writeBigInt64LE(fraction, 24);
  check(c.utimensat(AT_FDCWD, cPath(path), times, AT_SYMLINK_NOFOLLOW), "utimensat", path);
}

const BILLION = 1_000_000_000n;
