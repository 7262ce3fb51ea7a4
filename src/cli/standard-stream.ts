import { writeSync } from "node:fs";
import { Writable } from "node:stream";
import { isSystemError } from "../sys/system-error.js";
import { isOpenAs } from "./terminal.js";

/** So much fits into the pipe or socket that a caller has just made, whether it is read or not. */
const AT_ONCE = 32 * 1024;

/**
 * Standard output (1) or standard error (2). What node has for pipes are sockets of its net module, which
 * takes milliseconds to start: a build that finds everything says little and can do without.
 */
export function openStandardStream(fd: 1 | 2): Writable {
  const whole = (): Writable => (fd === 1 ? process.stdout : process.stderr);
  const isPipe = isOpenAs(fd, (stats) => stats.isFIFO() || stats.isSocket());
  return isPipe ? new BriefStream(fd, whole) : whole();
}

/** Writes the first bytes by itself, where nobody has to wait for a reader, and leaves the rest to node's stream. */
class BriefStream extends Writable {
  readonly #fd: number;
  readonly #open: () => Writable;
  #written = 0;
  #whole: Writable | undefined;

  constructor(fd: number, open: () => Writable) {
    super();
    this.#fd = fd;
    this.#open = open;
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    let left = bytes;
    try {
      while (left.length > 0 && this.#whole === undefined) left = left.subarray(this.#some(left));
    } catch (error) {
      done(error as Error);
      return;
    }
    if (left.length === 0) done();
    else this.#whole?.write(left, done);
  }

  /** How many bytes it wrote: none when node's stream has to take over. */
  #some(bytes: Buffer): number {
    try {
      if (this.#written + bytes.length > AT_ONCE) return this.#handOver();
      const count = writeSync(this.#fd, bytes);
      this.#written += count;
      return count;
    } catch (error) {
      // who shares the pipe made it non-blocking, and it is full
      if (isSystemError(error, "EAGAIN")) return this.#handOver();
      throw error;
    }
  }

  #handOver(): number {
    this.#whole = this.#open().on("error", () => undefined); // each write is told of it
    return 0;
  }
}
