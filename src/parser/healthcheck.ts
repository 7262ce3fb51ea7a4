import { parseDuration } from "./duration.js";
import type { Head } from "./head.js";
import type { Flag, Healthcheck, Located } from "./instruction.js";
import { readCommand } from "./json-form.js";
import { syntaxError } from "./syntax-error.js";
import { plainWords } from "./words.js";

const MILLISECOND = 1e6;

/** HEALTHCHECK NONE, or HEALTHCHECK with its times and a command. */
export function parseHealthcheck(head: Head): Omit<Healthcheck, keyof Located> {
  const test = parseTest(head);
  const flags = test === "none" ? [] : head.flags; // which nothing reads then
  const flag = (name: string): Flag | undefined => flags.find((each) => each.name === name);
  return {
    kind: "healthcheck",
    test,
    interval: parseInterval(flag("interval")),
    timeout: parseInterval(flag("timeout")),
    startPeriod: parseInterval(flag("start-period")),
    startInterval: parseInterval(flag("start-interval")),
    retries: parseRetries(flag("retries")),
  };
}

function parseTest({ args, keyword }: Head): Healthcheck["test"] {
  const [type] = plainWords(args);
  if (type === undefined) {
    throw syntaxError("HEALTHCHECK", "HEALTHCHECK requires at least one argument", keyword.at);
  }
  const rest = args.slice(type.text.length).trim();
  switch (type.text.toUpperCase()) {
    case "NONE":
      if (rest.text === "") return "none";
      throw syntaxError("HEALTHCHECK", "HEALTHCHECK NONE takes no arguments", rest.at);
    case "CMD": {
      const command = readCommand("HEALTHCHECK", rest);
      const empty = command.form === "exec" ? command.argv.length === 0 : command.text === "";
      if (!empty) return command;
      throw syntaxError("HEALTHCHECK", "missing command after HEALTHCHECK CMD", type.at);
    }
    default: {
      const why = `unknown type "${type.text}" in HEALTHCHECK (try CMD)`;
      throw syntaxError("HEALTHCHECK", why, type.at);
    }
  }
}

function parseInterval(flag: Flag | undefined): number {
  if (flag?.value === undefined || flag.value === "") return 0;
  const interval = parseDuration(flag.value);
  if (interval === undefined) {
    const why = `invalid duration "${flag.value}" for --${flag.name}`;
    const hint = 'write a number and a unit, such as "30s" or "1m30s"';
    throw syntaxError("HEALTHCHECK", why, flag.at, hint);
  }
  if (interval === 0 || interval >= MILLISECOND) return interval;
  throw syntaxError("HEALTHCHECK", `--${flag.name}=${flag.value} cannot be less than 1ms`, flag.at);
}

function parseRetries(flag: Flag | undefined): number {
  if (flag?.value === undefined || flag.value === "") return 0;
  const retries = /^[+-]?\d+$/.test(flag.value) ? Number(flag.value) : NaN;
  if (retries < 0) {
    throw syntaxError("HEALTHCHECK", `--retries cannot be negative (${flag.value})`, flag.at);
  }
  if (retries < 2 ** 31) return retries;
  throw syntaxError("HEALTHCHECK", `--retries is not a number: ${flag.value}`, flag.at);
}
