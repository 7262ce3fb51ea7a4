import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLocked } from "../sys/file-locks.js";
import { diskError } from "./disk-error.js";

type Kind = "exclusive" | "shared";

/**
 * Named locks between all processes of a store, and between the tasks of one. The kernel releases
 * them when their holder dies. A task that asks twice for the same name waits for itself.
 */
export class Locks {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Waits until nobody else holds `name`. */
  lock(name: string, signal?: AbortSignal): Promise<AsyncDisposable> {
    return this.#wait(name, "exclusive", signal);
  }

  /** Waits until nobody holds `name` exclusively. */
  share(name: string, signal?: AbortSignal): Promise<AsyncDisposable> {
    return this.#wait(name, "shared", signal);
  }

  /** As `lock`, but undefined when that would mean to wait. */
  tryLock(name: string): AsyncDisposable | undefined {
    return this.#try(name, "exclusive");
  }

  /** Removes the lock files that killed processes left behind. */
  async sweep(): Promise<void> {
    for (const file of readdirSync(this.#directory)) {
      await this.#tryFile(file, "exclusive")?.[Symbol.asyncDispose]();
    }
  }

  async #wait(name: string, kind: Kind, signal?: AbortSignal): Promise<AsyncDisposable> {
    // flock(2) would block a thread of node's small pool; most waits are short or very long.
    for (let delay = 1; ; delay = Math.min(delay * 1.5, 50)) {
      signal?.throwIfAborted();
      const held = this.#try(name, kind);
      if (held !== undefined) return held;
      await sleep(delay, undefined, { signal }).catch(() => undefined); // aborted: thrown above
    }
  }

  #try(name: string, kind: Kind): AsyncDisposable | undefined {
    return this.#tryFile(createHash("sha256").update(name).digest("hex"), kind);
  }

  #tryFile(file: string, kind: Kind): AsyncDisposable | undefined {
    const path = join(this.#directory, file);
    for (;;) {
      const fd = openLock(path, kind);
      if (fd === undefined) return undefined;
      if (fstatSync(fd).nlink > 0) return new HeldLock(fd, kind === "exclusive" ? path : undefined);
      closeSync(fd); // its last holder removed the file between our open and our lock
    }
  }
}

function openLock(path: string, kind: Kind): number | undefined {
  try {
    return openLocked(path, constants.O_CREAT | constants.O_RDWR, kind);
  } catch (error) {
    throw diskError(`lock the store with "${path}"`, error);
  }
}

class HeldLock implements AsyncDisposable {
  #fd: number | undefined;
  readonly #path: string | undefined;

  /** `path`: to be removed on release, so that lock files do not pile up. */
  constructor(fd: number, path: string | undefined) {
    this.#fd = fd;
    this.#path = path;
  }

  [Symbol.asyncDispose](): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return Promise.resolve();
    // While still locked: who opened the file before sees that it is gone and tries again.
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
    closeSync(fd);
    return Promise.resolve();
  }
}
