import type { From, Instruction, Warning } from "./instruction.js";
import type { RuleName } from "./lint-rules.js";

const RESERVED = new Set(["scratch", "context"]);

/** Findings about the names of stages. */
export function lintStages(instructions: readonly Instruction[]): readonly Warning[] {
  const names = new Set<string>();
  return instructions.flatMap((one) => (one.kind === "from" ? stageName(one, names) : []));
}

function stageName({ name }: From, seen: Set<string>): readonly Warning[] {
  if (name === undefined) return [];
  const { text, at } = name;
  const lower = text.toLowerCase();
  const warnings: Warning[] = [];
  const warn = (rule: RuleName, what: string): void => {
    warnings.push({ rule, message: `stage name "${text}" ${what}`, at });
  };
  if (text !== lower) warn("StageNameCasing", "should be lowercase");
  if (RESERVED.has(lower)) warn("ReservedStageName", "has another meaning in FROM and COPY");
  if (seen.has(lower)) warn("DuplicateStageName", "is used twice; the last one wins");
  seen.add(lower);
  return warnings;
}
