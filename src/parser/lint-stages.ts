import type { From, Instruction, Warning } from "./instruction.js";

const RESERVED = new Set(["scratch", "context"]);
/** Of these only the last one of a stage counts. */
const ONCE = new Set(["cmd", "entrypoint", "healthcheck"]);

/** Findings that need to know what came before in the file or in the stage. */
export function lintStages(instructions: readonly Instruction[]): readonly Warning[] {
  const names = new Set<string>();
  let kinds = new Set<string>();
  return instructions.flatMap((instruction) => {
    if (instruction.kind === "from") {
      kinds = new Set();
      return stageName(instruction, names);
    }
    const warnings = [...repeated(instruction, kinds), ...shellForm(instruction, kinds)];
    kinds.add(instruction.kind);
    return warnings;
  });
}

function stageName({ name }: From, seen: Set<string>): readonly Warning[] {
  if (name === undefined) return [];
  const { text, at } = name;
  const lower = text.toLowerCase();
  const warnings: Warning[] = [];
  const warn = (rule: string, what: string): void => {
    warnings.push({ rule, message: `stage name "${text}" ${what}`, at });
  };
  if (text !== lower) warn("StageNameCasing", "should be lowercase");
  if (RESERVED.has(lower)) warn("ReservedStageName", "has another meaning in FROM and COPY");
  if (seen.has(lower)) warn("DuplicateStageName", "is used twice; the last one wins");
  seen.add(lower);
  return warnings;
}

function repeated({ kind, at }: Instruction, seen: ReadonlySet<string>): readonly Warning[] {
  if (!ONCE.has(kind) || !seen.has(kind)) return [];
  const message = `only the last ${kind.toUpperCase()} of a stage has an effect`;
  return [{ rule: "MultipleInstructionsDisallowed", message, at }];
}

/** A shell swallows signals; who chose one with SHELL knows that. */
function shellForm(instruction: Instruction, seen: ReadonlySet<string>): readonly Warning[] {
  const { kind, at } = instruction;
  if ((kind !== "cmd" && kind !== "entrypoint") || seen.has("shell")) return [];
  if (instruction.command.form === "exec") return [];
  const message = `${kind.toUpperCase()} should be a JSON array, so that signals reach the process`;
  return [{ rule: "JSONArgsRecommended", message, at }];
}
