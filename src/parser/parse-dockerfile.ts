import type { Source, Span } from "../error.js";
import { readDirectives } from "./directives.js";
import type { Dockerfile, Instruction } from "./instruction.js";
import { lint } from "./lint.js";
import { parseInstruction } from "./parse-instruction.js";
import { physicalLines } from "./physical-lines.js";
import { readStatements, type Statement } from "./statement.js";
import { syntaxError } from "./syntax-error.js";

/** Turns a Dockerfile into typed instructions, or says what is wrong with it. */
export function parseDockerfile(source: Source): Dockerfile {
  if (source.text === "") throw wrongFile("the Dockerfile cannot be empty", source);
  const lines = physicalLines(source);
  const directives = readDirectives(source, lines);
  const { escape } = directives;
  const statements: Statement[] = [];
  const instructions: Instruction[] = [];
  for (const statement of readStatements({ source, lines, escape })) {
    statements.push(statement);
    instructions.push(parseInstruction(statement, escape)); // at once: the first mistake counts
  }
  checkStages(source, instructions);
  return { source, directives, instructions, warnings: lint(statements, instructions) };
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
