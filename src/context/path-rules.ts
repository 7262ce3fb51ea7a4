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
 * Numbers of the patterns that count for a path, in order: the last one decides. A directory hands them on to its
 * contents.
 */
export type Counted = readonly number[];

/** Nothing counts for a path that nothing was said of. */
export const uncounted: Counted = [];

/**
 * Patterns that leave paths out, ready to be asked. As in BuildKit, a pattern counts for what it matches, and for
 * what is below, only where it changes something: "!src" includes nothing of "src" that "**\/tmp" leaves out, unless
 * a line before it leaves out "src" itself.
 */
export class PathRules<Rule extends PathRule = PathRule> {
  protected readonly rules: readonly Rule[];
  readonly #all: readonly number[];
  readonly #table: RuleTable | undefined;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.#all = rules.map((_, i) => i);
    if (rules.length > FEW) this.#table = new RuleTable(rules.map(({ glob }) => glob));
  }

  /** Tells whether `path` is left out. */
  excludes(path: BytePath): boolean {
    return this.isExcluding(this.decide(path));
  }

  /** What counts for `path`: its parents are looked at, too. */
  decide(path: BytePath): Counted {
    let counted = uncounted;
    for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
      counted = this.decideBelow(path.slice(0, end) as BytePath, counted);
    }
    return path === "" ? counted : this.decideBelow(path, counted);
  }

  /** The same where `parent` is known to be the answer for the directory that `path` is in. */
  decideBelow(path: BytePath, parent: Counted): Counted {
    const text = matchableText(path);
    let counted: number[] | undefined;
    let isLeftOut = false;
    let next = 0;
    for (const i of this.#table === undefined ? this.#all : this.#find(text, this.#table, parent)) {
      const rule = this.rules[i];
      if (rule === undefined) continue;
      if (parent[next] === i) next++;
      else if (rule.negated !== isLeftOut || !rule.glob.matches(text)) continue;
      else counted ??= parent.slice(0, next);
      counted?.push(i);
      isLeftOut = !rule.negated;
    }
    return counted ?? parent;
  }

  /** The patterns that match or that count for the parent, in order. */
  #find(text: string, table: RuleTable, parent: Counted): readonly number[] {
    const found: number[] = [];
    for (const numbers of table.candidates(text))
      for (const i of numbers) if (this.rules[i]?.glob.matches(text) === true) found.push(i);
    if (found.length === 0) return parent;
    return [...new Set([...parent, ...found])].sort((a, b) => a - b);
  }

  /** Tells whether an answer of `decide` means that the path is left out. */
  isExcluding(counted: Counted): boolean {
    return this.decisive(counted)?.negated === false;
  }

  /** The pattern that decides. */
  protected decisive(counted: Counted): Rule | undefined {
    return this.rules[counted[counted.length - 1] ?? -1];
  }

  /** Whether something below a directory that is left out may be included again by a later pattern. */
  mayReinclude(directory: BytePath, counted: Counted): boolean {
    const text = matchableText(directory);
    const decided = counted[counted.length - 1] ?? -1;
    return this.rules.some(
      ({ negated, glob }, i) => negated && i > decided && glob.mayMatchBelow(text),
    );
  }
}
