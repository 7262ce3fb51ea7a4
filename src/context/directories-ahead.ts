import type { BytePath } from "../oci/changeset.js";
import { uptime } from "../sys/uptime.js";

/** Milliseconds that listing a directory takes from memory, and for each name: several times what was measured. */
const QUICK = 0.3;
const QUICK_NAME = 0.003;

/** Libuv's threads, and as many that wait for them. */
const MOST = 8;

/**
 * Lists directories before they are walked through, where the kernel has to get them from the disk: one by one, 500 of them
 * took as long as all files in them. What is listed is not looked at, so that nothing depends on it.
 */
export class DirectoriesAhead implements AsyncDisposable {
  readonly #touch: (path: BytePath) => Promise<unknown>;
  /** The next one last. */
  readonly #paths: BytePath[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #isSlow = false;

  /** `touch`: lists one off this thread. */
  constructor(touch: (path: BytePath) => Promise<unknown>) {
    this.#touch = touch;
  }

  /** These are walked through next, in that order, each with all that is below it. */
  foresee(paths: readonly BytePath[]): void {
    for (const path of paths.toReversed()) this.#paths.push(path);
  }

  /** Lists the names in a directory, which is `path`. */
  list(path: BytePath, names: () => readonly BytePath[]): readonly BytePath[] {
    if (this.#paths.at(-1) === path) this.#paths.pop();
    this.#goOn();
    const start = uptime();
    const listed = names();
    const took = uptime() - start;
    if (took > QUICK + listed.length * QUICK_NAME) this.#isSlow = true;
    return listed;
  }

  #goOn(): void {
    while (this.#isSlow && this.#underWay.size < MOST) {
      const path = this.#paths.pop();
      if (path === undefined) return;
      const listing: Promise<void> = this.#touch(path)
        .catch(() => undefined) // whoever walks through it hears of it
        .then(() => {
          this.#underWay.delete(listing);
          this.#goOn();
        });
      this.#underWay.add(listing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#paths.length = 0;
    await Promise.all(this.#underWay);
  }
}
