import { closeSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { isSystemError } from "../sys/system-error.js";

/** What is read at once, in bytes. */
const PIECE = 4096;

/** Passes on what can be read from a pipe or FIFO that does not block, up to the last writer's end; then closes it. */
export class Drain {
  readonly ended: Promise<void>;
  readonly #fd: number;
  readonly #take: (chunk: Uint8Array) => void;
  #listening: Socket | undefined;
  #resting: NodeJS.Timeout | undefined;
  #end: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  /** Begins to listen after `rest` milliseconds: whoever finishes before does without a stream, which takes 0.2 ms. */
  constructor(fd: number, take: (chunk: Uint8Array) => void, rest = 0) {
    this.#fd = fd;
    this.#take = take;
    this.ended = new Promise<void>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.ended.catch(() => undefined); // told by who waits
    if (rest === 0) this.#listen();
    else
      this.#resting = setTimeout(() => {
        this.#listen();
      }, rest);
  }

  #listen(): void {
    const socket = new Socket({ fd: this.#fd, readable: true, writable: false });
    this.#listening = socket;
    socket.on("data", this.#take);
    socket.once("error", this.#fail);
    socket.once("close", this.#end);
  }

  /** Waits for the end, of which the caller knows that it is there: the event loop would tell in two more turns. */
  async finish(): Promise<void> {
    clearTimeout(this.#resting);
    if (this.#listening?.destroyed !== true && this.#readRest()) {
      if (this.#listening === undefined) closeSync(this.#fd);
      else this.#listening.destroy();
    } else {
      if (this.#listening === undefined) this.#listen();
      await this.ended;
    }
  }

  /** False where somebody may still write. */
  #readRest(): boolean {
    try {
      for (;;) {
        const piece = Buffer.allocUnsafe(PIECE);
        const length = readSync(this.#fd, piece);
        if (length === 0) return true;
        this.#take(piece.subarray(0, length));
      }
    } catch (error) {
      if (isSystemError(error, "EAGAIN")) return false;
      throw error;
    }
  }
}
