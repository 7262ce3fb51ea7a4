import { BuildError, type Span } from "../error.js";
import type { Instruction } from "./instruction.js";
import { checkTrigger, parseInstruction } from "./parse-instruction.js";
import { physicalLines } from "./physical-lines.js";
import { readStatements } from "./statement.js";
import { syntaxError } from "./syntax-error.js";

/** Parses an ONBUILD trigger as an image config stores it; it and all its parts are said to be `at`. */
export function parseTrigger(text: string, at: Span): Instruction {
  try {
    return parse(text, at);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const message = `${error.message} (ONBUILD trigger "${text}")`;
    throw new BuildError(error.code, message, { at, hint: error.hint, cause: error });
  }
}

function parse(text: string, at: Span): Instruction {
  const source = { name: at.source.name, text };
  const layout = { source, lines: physicalLines(source), escape: "\\", fixed: at } as const;
  const [statement, ...more] = readStatements(layout);
  if (statement === undefined || more.length > 0) {
    throw syntaxError("ONBUILD", "a trigger must be a single instruction", at);
  }
  checkTrigger(statement.head.name, at);
  return parseInstruction(statement, "\\");
}
