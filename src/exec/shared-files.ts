import { writeFileSync } from "node:fs";
import { posix } from "node:path";

/** Files that steps are given to read, each content once. */
export class SharedFiles {
  readonly #directory: string;
  readonly #paths = new Map<string, string>();

  /** `directory` exists by the first write. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The path of a file of that content, which must not be changed. */
  write(text: string): string {
    const known = this.#paths.get(text);
    if (known !== undefined) return known;
    const path = posix.join(this.#directory, `shared-${this.#paths.size + 1}`);
    writeFileSync(path, text, { mode: 0o644 });
    this.#paths.set(text, path);
    return path;
  }
}
