import { BuildError, type Span } from "../error.js";
import { isEnabled, mergeChecks, parseCheckOptions, type CheckOptions } from "./check-options.js";
import type { Dockerfile, Instruction, Warning } from "./instruction.js";

/** The findings that the options of the file and of single instructions let through, by line. */
export function selectWarnings(
  found: readonly Warning[],
  { checks, instructions }: Pick<Dockerfile, "checks" | "instructions">,
): readonly Warning[] {
  const special = instructions.flatMap((instruction) => ownChecks(instruction, checks));
  const sorted = found.toSorted((a, b) => a.at.start - b.at.start);
  let next = 0;
  return sorted.filter(({ rule, at }) => {
    while ((special[next]?.at.end ?? Infinity) < at.start) next++;
    const own = special[next];
    const inside = own !== undefined && own.at.start <= at.start;
    return isEnabled(rule, inside ? own.checks : checks);
  });
}

interface Special {
  readonly at: Span;
  readonly checks: CheckOptions;
}

function ownChecks({ comments, at }: Instruction, file: CheckOptions): readonly Special[] {
  const given = comments.map(checkOfComment).filter((options) => options !== undefined);
  return given.length === 0 ? [] : [{ at, checks: given.reduce(mergeChecks, file) }];
}

/** The options that a comment right above an instruction sets for it alone (P10). */
export function checkOfComment(comment: string): CheckOptions | undefined {
  const text = /^check\s*=\s*(\S+)/i.exec(comment)?.[1];
  if (text === undefined) return undefined;
  try {
    return parseCheckOptions(text);
  } catch (error) {
    if (error instanceof BuildError) return undefined; // then it is a comment like others
    throw error;
  }
}
