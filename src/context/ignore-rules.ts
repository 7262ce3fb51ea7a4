import type { Source, Span } from "../error.js";
import type { BytePath } from "../oci/changeset.js";
import { matchableText, type Glob } from "./glob.js";

/** One line of a .dockerignore. */
export interface IgnoreRule {
  readonly glob: Glob;
  /** A line that begins with "!": what it matches is included again. */
  readonly negated: boolean;
  readonly at: Span;
}

/**
 * A .dockerignore, ready to be asked. The last line that matches a path or one of its parents
 * decides; so what a directory hands on to its contents is the number of that line.
 */
export class IgnoreRules {
  readonly source: Source;
  readonly #rules: readonly IgnoreRule[];

  constructor(source: Source, rules: readonly IgnoreRule[]) {
    this.source = source;
    this.#rules = rules;
  }

  /** Whether any line includes something again. */
  get reincludes(): boolean {
    return this.#rules.some(({ negated }) => negated);
  }

  /** Tells whether `path`, relative to the context root, is hidden from COPY and ADD. */
  excludes(path: BytePath): boolean {
    return this.isExcluding(this.decide(path));
  }

  /** The number of the line that decides about `path`, or -1: its parents are looked at, too. */
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
    for (let i = this.#rules.length - 1; i > parent; i--) {
      if (this.#rules[i]?.glob.matches(text) === true) return i;
    }
    return parent;
  }

  /** Tells whether an answer of `decide` means that the path is hidden. */
  isExcluding(decided: number): boolean {
    return this.#rules[decided]?.negated === false;
  }

  /** Whether something below an excluded directory may be included again by a later line. */
  mayReinclude(directory: BytePath, decided: number): boolean {
    const text = matchableText(directory);
    return this.#rules.some(
      ({ negated, glob }, i) => negated && i > decided && glob.mayMatchBelow(text),
    );
  }

  /** Names the line behind an answer of `decide`, for a hint. */
  describe(decided: number): string | undefined {
    const rule = this.#rules[decided];
    if (rule === undefined) return undefined;
    const { source, start, end } = rule.at;
    const line = source.text.slice(0, start).split("\n").length;
    return `${source.name} line ${line} excludes "${source.text.slice(start, end)}"`;
  }
}
