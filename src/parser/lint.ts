import { checkOfComment } from "./select-warnings.js";
import type { Instruction, Warning } from "./instruction.js";
import { lintStages } from "./lint-stages.js";
import type { Statement } from "./statement.js";
import { plainWords } from "./words.js";

/** What a Dockerfile had better not do, as far as the text alone tells. */
export function lint(
  statements: readonly Statement[],
  instructions: readonly Instruction[],
): readonly Warning[] {
  return [
    ...statements.flatMap(blankLines),
    ...statements.flatMap(fromAsCasing),
    ...keywordCasing(statements),
    ...instructions.flatMap(deprecated),
    ...instructions.flatMap(description),
    ...lintStages(instructions),
  ];
}

function blankLines({ blank }: Statement): readonly Warning[] {
  if (blank === undefined) return [];
  const message = "a blank line inside a continued instruction is skipped; remove it";
  return [{ rule: "NoEmptyContinuation", message, at: blank }];
}

/** Who writes "From" has no case that AS could match. */
function fromAsCasing({ head: { name, keyword, args } }: Statement): readonly Warning[] {
  const as = name === "FROM" ? plainWords(args)[1] : undefined;
  if (as === undefined) return [];
  const matches = isUpper(keyword.text)
    ? isUpper(as.text)
    : !isLower(keyword.text) || isLower(as.text);
  if (matches) return [];
  const message = `"${keyword.text}" and "${as.text}" are written in different case`;
  return [{ rule: "FromAsCasing", message, at: as.at }];
}

function keywordCasing(statements: readonly Statement[]): readonly Warning[] {
  const keywords = statements.map(({ head }) => head.keyword);
  const lower = keywords.filter(({ text }) => isLower(text)).length;
  const upper = keywords.filter(({ text }) => isUpper(text)).length;
  const common = lower > upper ? "lowercase" : "uppercase";
  return keywords.flatMap(({ text, at }) => {
    if (lower > upper ? isLower(text) : isUpper(text)) return [];
    const message = `"${text}" should be ${common}, as most instructions of this file are`;
    return [{ rule: "ConsistentInstructionCasing", message, at }];
  });
}

function deprecated({ kind, at }: Instruction): readonly Warning[] {
  if (kind !== "maintainer") return [];
  const message = "MAINTAINER is deprecated; use LABEL org.opencontainers.image.authors";
  return [{ rule: "MaintainerDeprecated", message, at }];
}

/** L20: a comment right above is taken for a description, and so has to begin with the name. */
function description(instruction: Instruction): readonly Warning[] {
  const names = describedNames(instruction);
  const comments = instruction.comments.filter((text) => checkOfComment(text) === undefined);
  const [first] = comments.at(-1)?.split(" ") ?? [];
  const [name] = names;
  if (first === undefined || name === undefined || names.includes(first)) return [];
  const message = `the comment above it should begin with ${names.length > 1 ? "one of its names" : `"${name}"`}`;
  return [{ rule: "InvalidDefinitionDescription", message, at: instruction.at }];
}

function describedNames(instruction: Instruction): readonly string[] {
  if (instruction.kind === "arg") return instruction.names.map(({ name }) => name.text);
  if (instruction.kind !== "from" || instruction.name === undefined) return [];
  return [instruction.name.text.toLowerCase()];
}

function isLower(text: string): boolean {
  return text === text.toLowerCase();
}

function isUpper(text: string): boolean {
  return text === text.toUpperCase();
}
