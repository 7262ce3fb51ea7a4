import { createHash } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tryByteLock } from "../sys/file-locks.js";
import { diskError } from "./disk-error.js";

type Kind = "exclusive" | "shared";

/**
 * Named locks between all processes of a store, and between the tasks of one: each name is a byte of one file that is
 * never written. The kernel releases them when their holder dies. A task that asks twice for the same name waits for
 * itself.
 */
export class Locks {
  readonly #path: string;

  /** `path`: a file that is made where it is missing. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Waits until nobody else holds `name`. */
  lock(name: string, signal?: AbortSignal): Promise<AsyncDisposable> {
    return waitForLock(() => this.#try(name, "exclusive"), signal);
  }

  /** Waits until nobody holds `name` exclusively. */
  share(name: string, signal?: AbortSignal): Promise<AsyncDisposable> {
    return waitForLock(() => this.#try(name, "shared"), signal);
  }

  /** As `lock`, but undefined when that would mean to wait. */
  tryLock(name: string): AsyncDisposable | undefined {
    return this.#try(name, "exclusive");
  }

  #try(name: string, kind: Kind): HeldLock | undefined {
    const fd = openFile(this.#path);
    let isLocked = false;
    try {
      isLocked = tryByteLock(fd, byteOf(name), kind);
    } finally {
      if (!isLocked) closeSync(fd);
    }
    return isLocked ? new HeldLock(fd) : undefined;
  }
}

/** Asks for a lock until it is there. */
export async function waitForLock<Lock>(
  tryLock: () => Lock | undefined,
  signal?: AbortSignal,
): Promise<Lock> {
  // A call that blocks would take a thread of node's small pool; most waits are short or very long.
  for (let delay = 1; ; delay = Math.min(delay * 1.5, 50)) {
    signal?.throwIfAborted();
    const held = tryLock();
    if (held !== undefined) return held;
    await sleep(delay, undefined, { signal }).catch(() => undefined); // aborted: thrown above
  }
}

/** Two names of one byte would wait for each other; of 60 bits there are enough. */
function byteOf(name: string): bigint {
  return BigInt(`0x${createHash("sha256").update(name).digest("hex").slice(0, 15)}`);
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600);
  } catch (error) {
    throw diskError(`lock the store with "${path}"`, error);
  }
}

/** A lock that ends with the descriptor through which it is held. */
export class HeldLock implements AsyncDisposable {
  #fd: number | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  [Symbol.asyncDispose](): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
    return Promise.resolve();
  }
}
