import type { Head } from "./head.js";
import type { PlacedHeredoc } from "./heredoc.js";
import type { Flag, Located, Run } from "./instruction.js";
import { readCommand } from "./json-form.js";
import { didYouMean, syntaxError } from "./syntax-error.js";

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  network: ["default", "none", "host"],
  security: ["sandbox", "insecure"],
};

/** RUN with its heredocs (P16). */
export function parseRun(head: Head, placed: readonly PlacedHeredoc[]): Omit<Run, keyof Located> {
  head.flags.forEach(checkChoice);
  const command = readCommand("RUN", head.args);
  if (command.form === "exec" && command.argv.length === 0) {
    throw syntaxError("RUN", "RUN requires at least one argument", head.args.at);
  }
  const [only] = placed;
  const script = placed.length === 1 && only?.word.text === head.args.text;
  const heredocs = placed.map((each) => each.heredoc);
  return { kind: "run", command, heredocs, script, flags: head.flags };
}

function checkChoice({ name, value, at }: Flag): void {
  const choices = Object.hasOwn(CHOICES, name) ? CHOICES[name] : undefined;
  if (choices === undefined || value === undefined || choices.includes(value)) return;
  const why = `invalid ${name} mode: "${value}"`;
  const hint = didYouMean(value, choices) ?? `use one of ${choices.join(", ")}`;
  throw syntaxError("RUN", why, at, hint);
}
