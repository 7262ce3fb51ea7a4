import { readdirSync, readFileSync } from "node:fs";
import { BuildError } from "../../src/error.js";
import type { Dockerfile, Heredoc, Instruction } from "../../src/parser/instruction.js";
import { parseDockerfile } from "../../src/parser/parse-dockerfile.js";

const root = new URL("../../fixtures/parser/", import.meta.url);

/** A Dockerfile with something odd about it, and what it means. */
export interface Golden {
  readonly name: string;
  readonly text: string;
  readonly expected: unknown;
}

/** All golden Dockerfiles. */
export const goldens: readonly Golden[] = readdirSync(root).map((folder) => {
  const [id = "", ...words] = folder.split("-");
  const read = (file: string): string => readFileSync(new URL(`${folder}/${file}`, root), "utf8");
  const expected: unknown = JSON.parse(read("expected.json"));
  return { name: `${id.toUpperCase()}: ${words.join(" ")}`, text: read("Dockerfile"), expected };
});

/** The Dockerfile, or the mistake that was found in it; anything else is a bug and thrown. */
export function parse(text: string): Dockerfile | BuildError {
  try {
    return parseDockerfile({ name: "Dockerfile", text });
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
}

/** The instructions of all golden Dockerfiles that have no mistake and the usual escape character. */
export function* goldenInstructions(): Generator<Instruction> {
  for (const { text } of goldens) {
    const result = parse(text);
    if (result instanceof BuildError || result.directives.escape === "`") continue;
    yield* result.instructions;
  }
}

/** The heredocs of an instruction, in order. */
export function heredocsOf(instruction: Instruction): readonly Heredoc[] {
  if (instruction.kind === "onbuild") return heredocsOf(instruction.trigger);
  if (instruction.kind === "run") return instruction.heredocs;
  if (instruction.kind !== "copy" && instruction.kind !== "add") return [];
  return instruction.sources.filter((source) => "body" in source);
}
