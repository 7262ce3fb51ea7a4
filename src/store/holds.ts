import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Digest } from "../oci/digest.js";
import type { LayerId } from "../snapshotter/snapshotter.js";
import { tryByteLock } from "../sys/file-locks.js";
import { diskError } from "./disk-error.js";

/** What a process can hold. */
export type Held = Digest | LayerId;

/**
 * What this process uses of the store: nobody removes that while the process lives. Each layer and blob is
 * a byte of one file that is never written; the kernel keeps the locks, and drops them with the process. To
 * hold one costs a microsecond, so that a cached build can hold all that it needs.
 */
export class Holds implements AsyncDisposable {
  readonly #path: string;
  readonly #held = new Set<Held>();
  /** Of what is held, and of what is about to go: the two keep each other out also in one process. */
  #file: number | undefined;
  #removing: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Holds it until the store is closed, waiting while somebody removes it. True when it was not held before:
   * then it may have been removed since the caller heard of it.
   */
  async hold(name: Held): Promise<boolean> {
    if (this.#held.has(name)) return false;
    const file = (this.#file ??= openFile(this.#path));
    while (!tryByteLock(file, byteOf(name), "shared")) await sleep(1);
    this.#held.add(name);
    return true;
  }

  /** For who removes it; undefined when a process, perhaps this one, holds it. */
  tryAlone(name: Held): Disposable | undefined {
    const file = (this.#removing ??= openFile(this.#path));
    if (!tryByteLock(file, byteOf(name), "exclusive")) return undefined;
    return {
      [Symbol.dispose]: () => {
        tryByteLock(file, byteOf(name), "none");
      },
    };
  }

  /** Whether a process holds it, this one or another. */
  isHeld(name: Held): boolean {
    using alone = this.tryAlone(name);
    return alone === undefined;
  }

  /** Holds nothing any more: for who has only looked. */
  letGo(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#held.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    if (this.#removing !== undefined) closeSync(this.#removing);
    this.#removing = undefined;
    return Promise.resolve();
  }
}

/** Two names of one byte would be kept for each other; of 60 bits there are enough. */
function byteOf(name: Held): bigint {
  const hex = /^sha256:(\w{15})/.exec(name)?.[1] ?? Buffer.from(name, "latin1").toString("hex");
  return BigInt(`0x${hex}`);
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600);
  } catch (error) {
    throw diskError(`use "${path}"`, error);
  }
}
