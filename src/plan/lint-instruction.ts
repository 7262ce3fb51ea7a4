import { posix } from "node:path";
import type { Add, Copy, Instruction } from "../parser/instruction.js";
import { fromFlag } from "./copy-from.js";
import type { Draft } from "./draft.js";

/** Of these only the last one of a stage counts. */
const once: ReadonlySet<string> = new Set(["cmd", "entrypoint", "healthcheck"]);

/** What is only told of an instruction in a stage that is needed. */
export function lintInstruction(draft: Draft, instruction: Instruction): void {
  lintLegacy(draft, instruction);
  lintRepeated(draft, instruction);
  lintShellForm(draft, instruction);
}

/** L13. */
function lintLegacy({ setting }: Draft, instruction: Instruction): void {
  const { kind, at } = instruction;
  if ((kind !== "env" && kind !== "label") || !instruction.legacy) return;
  const name = kind.toUpperCase();
  const message = `${name} key=value should be used instead of ${name} key value`;
  setting.warn("LegacyKeyValueFormat", message, at);
}

/** L12, told of the one without effect. */
function lintRepeated({ given, setting }: Draft, instruction: Instruction): void {
  const { kind } = instruction;
  if (!once.has(kind)) return;
  const before = given.get(kind);
  given.set(kind, instruction);
  if (before === undefined) return;
  const message = `only the last ${kind.toUpperCase()} of a stage has an effect`;
  setting.warn("MultipleInstructionsDisallowed", message, before.at);
}

/** L07: a shell swallows signals; who chose one with SHELL knows that. */
function lintShellForm({ config, setting }: Draft, instruction: Instruction): void {
  const { kind, at } = instruction;
  if ((kind !== "cmd" && kind !== "entrypoint") || config.Shell !== undefined) return;
  if (instruction.command.form === "exec") return;
  const message = `${kind.toUpperCase()} should be a JSON array, so that signals reach the process`;
  setting.warn("JSONArgsRecommended", message, at);
}

/** L19: what is hidden from COPY is not found. */
export function lintIgnored(
  { setting: { options, warn } }: Draft,
  copy: Add | Copy,
  sources: readonly string[],
): void {
  const { isIgnored } = options;
  if (isIgnored === undefined || fromFlag(copy) !== undefined) return;
  for (const source of sources) {
    const path = posix.resolve("/", source).slice(1);
    if (path === "" || /^[a-z]+:\/\//.test(source) || !isIgnored(path)) continue;
    const message = `.dockerignore hides "${source}" from ${copy.kind.toUpperCase()}`;
    warn("CopyIgnoredFile", message, copy.at);
  }
}
