import type { Instruction, Warning } from "./instruction.js";
import { lintStages } from "./lint-stages.js";
import type { Statement } from "./statement.js";
import { plainWords } from "./words.js";

/** What a Dockerfile had better not do, in the order of its lines. */
export function lint(
  statements: readonly Statement[],
  instructions: readonly Instruction[],
): readonly Warning[] {
  const warnings = [
    ...statements.flatMap(blankLines),
    ...statements.flatMap(fromAsCasing),
    ...keywordCasing(statements),
    ...instructions.flatMap(deprecated),
    ...lintStages(instructions),
  ];
  return warnings.sort((a, b) => a.at.start - b.at.start);
}

function blankLines({ blank }: Statement): readonly Warning[] {
  if (blank === undefined) return [];
  const message = "a blank line inside a continued instruction is skipped; remove it";
  return [{ rule: "NoEmptyContinuation", message, at: blank }];
}

function fromAsCasing({ head: { name, keyword, args } }: Statement): readonly Warning[] {
  const as = name === "FROM" ? plainWords(args)[1] : undefined;
  if (as === undefined || isUpper(as.text) === isUpper(keyword.text)) return [];
  const message = `"${keyword.text}" and "${as.text}" are written in different case`;
  return [{ rule: "FromAsCasing", message, at: as.at }];
}

function keywordCasing(statements: readonly Statement[]): readonly Warning[] {
  const keywords = statements.map(({ head }) => head.keyword);
  const lower = keywords.filter(({ text }) => text === text.toLowerCase()).length;
  const upper = keywords.filter(({ text }) => isUpper(text)).length;
  const common = lower > upper ? "lowercase" : "uppercase";
  return keywords.flatMap(({ text, at }) => {
    if (text === (lower > upper ? text.toLowerCase() : text.toUpperCase())) return [];
    const message = `"${text}" should be ${common}, as most instructions of this file are`;
    return [{ rule: "ConsistentInstructionCasing", message, at }];
  });
}

function deprecated(instruction: Instruction): readonly Warning[] {
  const { kind, at } = instruction;
  if (kind === "maintainer") {
    const message = "MAINTAINER is deprecated; use LABEL org.opencontainers.image.authors";
    return [{ rule: "MaintainerDeprecated", message, at }];
  }
  if ((kind !== "env" && kind !== "label") || !instruction.legacy) return [];
  const name = kind.toUpperCase();
  const message = `${name} key=value should be used instead of ${name} key value`;
  return [{ rule: "LegacyKeyValueFormat", message, at }];
}

function isUpper(text: string): boolean {
  return text === text.toUpperCase();
}
