/** The Env of a config while ENV instructions change it: thousands of them take no time. */
export class EnvList {
  readonly #entries: string[];
  /** Where each name is first. */
  readonly #places = new Map<string, number>();

  constructor(entries: readonly string[]) {
    this.#entries = [...entries];
    for (const [index, entry] of entries.entries()) {
      const name = nameOf(entry);
      if (!this.#places.has(name)) this.#places.set(name, index);
    }
  }

  /** As NAME=VALUE. */
  get entries(): readonly string[] {
    return [...this.#entries];
  }

  get names(): Iterable<string> {
    return this.#places.keys();
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  /** Replaces `name` in place, or adds it at the end (I01). */
  set(name: string, value: string): void {
    const place = this.#places.get(name) ?? this.#entries.length;
    this.#places.set(name, place);
    this.#entries[place] = `${name}=${value}`;
  }
}

function nameOf(entry: string): string {
  return entry.split("=", 1)[0] ?? "";
}
