import type { BytePath } from "../oci/changeset.js";
import { matchableText, type Glob } from "./glob.js";
import { RuleTable } from "./rule-table.js";

/** One pattern of a list. */
export interface PathRule {
  readonly glob: Glob;
  /** What it matches is included again. */
  readonly negated: boolean;
}

/** So many patterns are tried one by one: that takes 10 ns for each, and to look one up in the table 1 µs. */
const FEW = 100;

/**
 * Patterns that leave paths out, ready to be asked. The last one that matches a path or one of its
 * parents decides; so what a directory hands on to its contents is the number of that pattern.
 */
export class PathRules<Rule extends PathRule = PathRule> {
  protected readonly rules: readonly Rule[];
  readonly #table: RuleTable | undefined;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    if (rules.length > FEW) this.#table = new RuleTable(rules.map(({ glob }) => glob));
  }

  /** Tells whether `path` is left out. */
  excludes(path: BytePath): boolean {
    return this.isExcluding(this.decide(path));
  }

  /** The number of the pattern that decides about `path`, or -1: its parents are looked at, too. */
  decide(path: BytePath): number {
    let decided = -1;
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
      decided = this.decideBelow(path.slice(0, end) as BytePath, decided);
    }
    return path === "" ? decided : this.decideBelow(path, decided);
  }

  /** The same where `parent` is known to be the answer for the directory that `path` is in. */
  decideBelow(path: BytePath, parent: number): number {
    const text = matchableText(path);
    if (this.#table !== undefined) return this.#lookUp(text, this.#table, parent);
    for (let i = this.rules.length - 1; i > parent; i--) {
      if (this.rules[i]?.glob.matches(text) === true) return i;
    }
    return parent;
  }

  #lookUp(text: string, table: RuleTable, parent: number): number {
    let decided = parent;
    for (const numbers of table.candidates(text)) {
      const later = numbers.findLast(
        (number) => number <= decided || this.rules[number]?.glob.matches(text) === true,
      );
      decided = Math.max(decided, later ?? -1);
    }
    return decided;
  }

  /** Tells whether an answer of `decide` means that the path is left out. */
  isExcluding(decided: number): boolean {
    return this.rules[decided]?.negated === false;
  }

  /** Whether something below a directory that is left out may be included again by a later pattern. */
  mayReinclude(directory: BytePath, decided: number): boolean {
    const text = matchableText(directory);
    return this.rules.some(
      ({ negated, glob }, i) => negated && i > decided && glob.mayMatchBelow(text),
    );
  }
}
