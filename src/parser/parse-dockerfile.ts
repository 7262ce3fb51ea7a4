import type { Source, Span } from "../error.js";
import { readTop, type Overrides } from "./directives.js";
import type { Dockerfile, Instruction } from "./instruction.js";
import { lint } from "./lint.js";
import { withWarnings } from "./linted-error.js";
import { parseInstruction } from "./parse-instruction.js";
import { physicalLines } from "./physical-lines.js";
import { selectWarnings } from "./select-warnings.js";
import { readStatements, type Statement } from "./statement.js";
import { syntaxError } from "./syntax-error.js";

/** Turns a Dockerfile into typed instructions, or says what is wrong with it. */
export function parseDockerfile(source: Source, overrides?: Overrides): Dockerfile {
  if (source.text === "") throw wrongFile("the Dockerfile cannot be empty", source);
  const lines = physicalLines(source);
  const { directives, checks, next } = readTop(source, lines, overrides);
  const { escape } = directives;
  const statements: Statement[] = [];
  const instructions: Instruction[] = [];
  const warnings = () => selectWarnings(lint(statements, instructions), { checks, instructions });
  try {
    for (const statement of readStatements({ source, lines, escape }, next)) {
      instructions.push(parseInstruction(statement, escape)); // at once: the first mistake counts
      statements.push(statement);
    }
    checkStages(source, instructions);
  } catch (error) {
    throw withWarnings(error, warnings());
  }
  return { source, directives, checks, instructions, warnings: warnings() };
}

/** Only ARG may stand before the first FROM, and there must be one (P02). */
function checkStages(source: Source, instructions: readonly Instruction[]): void {
  if (instructions.length === 0) throw wrongFile("file with no instructions", source);
  const first = instructions.find((instruction) => instruction.kind !== "arg");
  if (first === undefined) throw wrongFile("dockerfile contains no stages to build", source);
  if (first.kind === "from") return;
  const hint = "begin with FROM; only ARG may stand before it";
  const why = `no build stage in current context for ${first.keyword}`;
  throw syntaxError("Dockerfile", why, first.at, hint);
}

function wrongFile(why: string, source: Source): Error {
  const at: Span = { source, start: 0, end: source.text.length };
  return syntaxError("Dockerfile", why, at);
}
