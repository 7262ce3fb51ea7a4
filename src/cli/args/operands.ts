import { BuildError } from "../../error.js";

/** Exactly one operand, called `name` in messages. */
export function oneOperand(verb: string, name: string, operands: readonly string[]): string {
  const [only, second] = operands;
  if (only === undefined || only === "") throw missing(verb, name);
  if (second !== undefined) throw tooMany(verb, second);
  return only;
}

/** At most one operand. */
export function optionalOperand(verb: string, operands: readonly string[]): string | undefined {
  const [only, second] = operands;
  if (second !== undefined) throw tooMany(verb, second);
  return only;
}

/** One operand or more. */
export function someOperands(
  verb: string,
  name: string,
  operands: readonly string[],
): readonly string[] {
  if (operands.length === 0 || operands.includes("")) throw missing(verb, name);
  return operands;
}

/** Exactly two operands. */
export function twoOperands(
  verb: string,
  names: readonly [string, string],
  operands: readonly string[],
): readonly [string, string] {
  const [first, second, third] = operands;
  if (first === undefined || first === "") throw missing(verb, names[0]);
  if (second === undefined || second === "") throw missing(verb, names[1]);
  if (third !== undefined) throw tooMany(verb, third);
  return [first, second];
}

/** No operand at all. */
export function noOperands(verb: string, operands: readonly string[]): void {
  const [first] = operands;
  if (first !== undefined) throw tooMany(verb, first);
}

function missing(verb: string, name: string): BuildError {
  return new BuildError("USAGE", `Cannot ${verb}: ${name} is missing`);
}

function tooMany(verb: string, word: string): BuildError {
  return new BuildError("USAGE", `Cannot ${verb}: did not expect "${word}"`);
}
