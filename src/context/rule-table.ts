import type { Glob } from "./glob.js";

/** Characters that a pattern begins or ends with, by which it is found. */
const KEY = 16;

/**
 * Patterns by the text that they begin or end with: of a thousand lines hardly one is tried on a path, and a path costs
 * as much with ten as with ten thousand.
 */
export class RuleTable {
  /** By the length of the text, then by the text: numbers of patterns, in order. */
  readonly #beginnings = new Map<number, Map<string, number[]>>();
  readonly #ends = new Map<number, Map<string, number[]>>();
  readonly #others: number[] = [];

  constructor(globs: readonly Glob[]) {
    globs.forEach(({ prefix, suffix }, number) => {
      const byPrefix = prefix.length >= suffix.length;
      const key = byPrefix ? prefix.slice(0, KEY) : suffix.slice(-KEY);
      if (key === "") this.#others.push(number);
      else add(byPrefix ? this.#beginnings : this.#ends, key, number);
    });
  }

  /** Lists of patterns, each in order; all that match `text` are in one of them. */
  *candidates(text: string): Generator<readonly number[]> {
    yield this.#others;
    for (const [length, found] of this.#beginnings) {
      const numbers = found.get(text.slice(0, length));
      if (numbers !== undefined) yield numbers;
    }
    for (const [length, found] of this.#ends) {
      const numbers = found.get(text.slice(-length));
      if (numbers !== undefined) yield numbers;
    }
  }
}

function add(table: Map<number, Map<string, number[]>>, key: string, number: number): void {
  const found = table.get(key.length) ?? new Map<string, number[]>();
  const numbers = found.get(key) ?? [];
  numbers.push(number);
  table.set(key.length, found.set(key, numbers));
}
