import { BuildError, type Span } from "../error.js";
import { suggest } from "../suggest.js";

/** Text that is not what a Dockerfile may say. */
export function syntaxError(what: string, why: string, at: Span, hint?: string): BuildError {
  return new BuildError("SYNTAX", `Cannot parse ${what}: ${why}`, { at, hint });
}

/** A hint that names the nearest of the words that were possible. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  prefix = "",
): string | undefined {
  const near = suggest(word, candidates);
  return near === undefined ? undefined : `did you mean "${prefix}${near}"?`;
}
