import { readSync } from "node:fs";
import { Socket } from "node:net";
import { isSystemError } from "../sys/system-error.js";

/** What is read at once, in bytes. */
const PIECE = 4096;

/** Passes on what can be read from a pipe or FIFO that does not block, up to the last writer's end; then closes it. */
export class Drain {
  readonly ended: Promise<void>;
  readonly #fd: number;
  readonly #take: (chunk: Uint8Array) => void;
  readonly #socket: Socket;

  constructor(fd: number, take: (chunk: Uint8Array) => void) {
    this.#fd = fd;
    this.#take = take;
    const socket = new Socket({ fd, readable: true, writable: false });
    this.#socket = socket;
    this.ended = new Promise<void>((resolve, reject) => {
      socket.on("data", take);
      socket.once("error", reject);
      socket.once("close", () => {
        resolve();
      });
    });
    this.ended.catch(() => undefined); // told by who waits
  }

  /** Waits for the end, of which the caller knows that it is there: the event loop would tell in two more turns. */
  async finish(): Promise<void> {
    if (!this.#socket.destroyed && this.#readRest()) this.#socket.destroy();
    else await this.ended;
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
