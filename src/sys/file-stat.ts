import { constants } from "node:os";
import { bind, cPath, lastErrno } from "./libc.js";
import { NAME_MAX } from "./limits.js";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "./open-flags.js";
import { check, SystemError } from "./system-error.js";

const statx = bind("int statx(int, const char*, int, unsigned int, void*)");

const { ENOENT, ENOTDIR } = constants.errno;

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

const STATX_BASIC_STATS = 0x7ff;

/** A part of some bytes. */
interface ByteRange {
  readonly at: number;
  readonly length: number;
}

/** After a call that failed: false where there is nothing, else the failure. */
function nothingAt(path: string): false {
  const errno = lastErrno();
  if (errno === ENOENT || errno === ENOTDIR) return false;
  throw new SystemError("statx", errno, path);
}

/**
 * What statx(2) tells of a file, in one buffer that is read again and again: 100,000 files cost no
 * garbage. Numbers in here are offsets in struct statx (linux/stat.h).
 */
export class FileStat {
  readonly #bytes = new Uint8Array(256);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  /** Unlike methods of a Buffer, those of this need not be compiled. */
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #name = Buffer.alloc(NAME_MAX + 1);

  /**
   * Fills this from `path`, relative to the open directory `directoryFd` where given, without
   * following a symlink at its end; false when there is nothing.
   */
  lstat(path: string, directoryFd = AT_FDCWD): boolean {
    return this.#lstat(cPath(path), directoryFd) || nothingAt(path);
  }

  /** The same of a name that is a part of `bytes`: making a string of it takes as long as looking at the file. */
  lstatBytes(bytes: Buffer, { at, length }: ByteRange, directoryFd: number): boolean {
    if (length > NAME_MAX) throw new RangeError("no name is so long");
    for (let i = 0; i < length; i++) this.#name[i] = bytes[at + i] ?? 0;
    this.#name[length] = 0;
    return (
      this.#lstat(this.#name, directoryFd) || nothingAt(bytes.toString("latin1", at, at + length))
    );
  }

  #lstat(path: string | Buffer, directoryFd: number): boolean {
    const flags = AT_SYMLINK_NOFOLLOW;
    return statx(directoryFd, path, flags, STATX_BASIC_STATS, this.#bytes) === 0;
  }

  /** Fills this from what is open as `fd`. */
  fstat(fd: number): void {
    const AT_EMPTY_PATH = 0x1000;
    check(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, this.#bytes), "statx");
  }

  /** st_mode: type and permission bits. */
  get mode(): number {
    return this.#view.getUint16(28, true);
  }
  get type(): number {
    return this.mode & fileTypes.mask;
  }
  get permissions(): number {
    return this.mode & 0o7777;
  }
  get nlink(): number {
    return this.#view.getUint32(16, true);
  }
  get uid(): number {
    return this.#view.getUint32(20, true);
  }
  get gid(): number {
    return this.#view.getUint32(24, true);
  }
  get inode(): bigint {
    return this.#view.getBigUint64(32, true);
  }
  /** The same as node's own `Stats` has it: as exact as a double is. */
  get ino(): number {
    return this.#view.getUint32(36, true) * 0x1_0000_0000 + this.#view.getUint32(32, true);
  }
  /** In bytes. */
  get size(): number {
    return this.#wide(40);
  }
  get mtimeSeconds(): number {
    return this.#wide(112);
  }
  /** Whether that is all of it: a fraction of a second is what a file has that was just written. */
  get isMtimeWhole(): boolean {
    return this.#view.getUint32(120, true) === 0;
  }
  get mtimeMilliseconds(): number {
    return this.#wide(112) * 1000 + this.#view.getUint32(120, true) / 1_000_000;
  }
  /** As node's own `Stats` has it, to the last bit. */
  get ctimeMilliseconds(): number {
    return this.#wide(96) * 1000 + this.#view.getUint32(104, true) / 1_000_000;
  }
  get deviceMajor(): number {
    return this.#view.getUint32(128, true);
  }
  get deviceMinor(): number {
    return this.#view.getUint32(132, true);
  }
  /** The filesystem's device, as "major:minor". */
  get filesystem(): string {
    return `${this.#view.getUint32(136, true)}:${this.#view.getUint32(140, true)}`;
  }
  /** The struct statx as words, for fingerprints: the word at 8 is at byte 32. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** A signed 64-bit number, as exact as a double is; a bigint would be an object for each. */
  #wide(at: number): number {
    return this.#view.getInt32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true);
  }
}
