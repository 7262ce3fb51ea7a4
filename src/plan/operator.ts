import { BuildError } from "../error.js";
import { replace, trimPrefix, trimSuffix } from "./pattern.js";

const operators = ["-", ":-", "+", ":+", "?", ":?", "#", "##", "%", "%%", "/", "//"] as const;

/** What may come between the name and the word of `${name…word}` (X06 to X10). */
export type Operator = (typeof operators)[number];

/** Whether `${name…word}` may have it. */
export function isOperator(text: string): text is Operator {
  return operators.some((operator) => operator === text);
}

/** A `${…}` with its parts expanded. */
export interface Operands {
  readonly name: string;
  readonly value: string | undefined;
  readonly word: string;
  /** Of the replacing operators. */
  readonly pattern: string | undefined;
}

/** What `${name…word}` stands for. */
export function applyOperator(
  operator: Operator,
  { name, value, word, pattern = "" }: Operands,
): string {
  switch (operator) {
    case "-":
      return value ?? word;
    case ":-":
      return value === undefined || value === "" ? word : value;
    case "+":
      return value === undefined ? "" : word;
    case ":+":
      return value === undefined || value === "" ? "" : word;
    case "?":
    case ":?":
      return demanded({ name, value, word }, operator === ":?");
    case "#":
    case "##":
      return trimPrefix(value ?? "", word, operator === "##");
    case "%":
    case "%%":
      return trimSuffix(value ?? "", word, operator === "%%");
    case "/":
    case "//": // in the word, a backslash that escaped a delimiter stays (X10)
      return replace(value ?? "", pattern, { text: word, all: operator === "//" });
  }
}

function demanded({ name, value, word }: Omit<Operands, "pattern">, filled: boolean): string {
  if (value !== undefined && !(filled && value === "")) return value;
  const what = value === undefined ? "unset" : "empty";
  const message = word === "" ? `is not allowed to be ${what}` : word;
  throw new BuildError("UNSET_VARIABLE", `${name}: ${message}`);
}
