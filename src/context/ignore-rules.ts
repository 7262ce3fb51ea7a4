import { lineOf, type Source, type Span } from "../error.js";
import { PathRules, type Counted, type PathRule } from "./path-rules.js";

/** One line of a .dockerignore; one that begins with "!" is negated. */
export interface IgnoreRule extends PathRule {
  readonly at: Span;
}

/** A .dockerignore: what it leaves out of a context is hidden from COPY and ADD. */
export class IgnoreRules extends PathRules<IgnoreRule> {
  readonly source: Source;

  constructor(source: Source, rules: readonly IgnoreRule[]) {
    super(rules);
    this.source = source;
  }

  /** Whether any line includes something again. */
  get reincludes(): boolean {
    return this.rules.some(({ negated }) => negated);
  }

  /** Names the line behind an answer of `decide`, for a hint. */
  describe(counted: Counted): string | undefined {
    const rule = this.decisive(counted);
    if (rule === undefined) return undefined;
    const { source, start, end } = rule.at;
    return `${source.name} line ${lineOf(rule.at)} excludes "${source.text.slice(start, end)}"`;
  }
}
