import { closeSync, constants, openSync } from "node:fs";
import { lockByte, tryByteLock } from "../sys/file-locks.js";

/**
 * Keeps the processes that open the database apart from those that write to it or close it, which LMDB leaves
 * open: who opens it notes as its latest transaction the one that it read a moment before (mdb.c,
 * mdb_env_open2), so that a commit in between is written over; and who closes it as the last destroys the mutexes
 * that another one, waiting to open it, then finds (mdb_env_close_active). Waits for others without a turn of the
 * event loop, as LMDB's own mutex does; the kernel lets go of what a killed process held.
 */
export class Gate {
  readonly #file: number;
  #isAlone = false;

  /** `path`: a file that is made where it is missing, and never written. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600);
  }

  /** Opens: together with others that do, while nobody writes. */
  opening<Result>(open: () => Result): Result {
    return this.#locked("shared", open);
  }

  /** Writes or closes, while nobody else does and nobody opens. What is done within one turn is one turn. */
  alone<Result>(work: () => Result): Result {
    if (this.#isAlone) return work();
    this.#isAlone = true;
    try {
      return this.#locked("exclusive", work);
    } finally {
      this.#isAlone = false;
    }
  }

  /** The last call. */
  close(): void {
    closeSync(this.#file);
  }

  #locked<Result>(kind: "exclusive" | "shared", work: () => Result): Result {
    lockByte(this.#file, 0n, kind);
    try {
      return work();
    } finally {
      tryByteLock(this.#file, 0n, "none");
    }
  }
}
