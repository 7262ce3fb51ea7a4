import { firstWord } from "./blank.js";
import type { Fragment } from "./fragment.js";
import type { Flag } from "./instruction.js";
import { FLAGS, type FlagKind } from "./keywords.js";
import { didYouMean, syntaxError } from "./syntax-error.js";
import { isBalanced, quotedWords, unquote } from "./words.js";

/** An instruction split into its parts, flags checked. */
export interface Head {
  /** In capitals. */
  readonly name: string;
  readonly keyword: Fragment;
  readonly flags: readonly Flag[];
  /** What follows the flags, without blanks around it. */
  readonly args: Fragment;
}

/** Splits a line into keyword, flags and arguments. */
export function splitHead(line: Fragment): Head {
  const whole = line.trim();
  const keyword = whole.slice(0, firstWord(whole.text).length);
  if (keyword.text === "") {
    throw syntaxError("Dockerfile", "continuation without an instruction", line.at);
  }
  const name = keyword.text.toUpperCase();
  const known = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
  if (known === undefined) {
    const hint = didYouMean(name, Object.keys(FLAGS));
    throw syntaxError("Dockerfile", `unknown instruction: ${keyword.text}`, keyword.at, hint);
  }
  return { name, keyword, ...splitFlags(name, known, whole.slice(keyword.text.length).trim()) };
}

type Known = Readonly<Record<string, FlagKind>>;

function splitFlags(name: string, known: Known, rest: Fragment): Pick<Head, "flags" | "args"> {
  if (!rest.text.startsWith("--")) return { flags: [], args: rest };
  const flags: Flag[] = [];
  let end = 0;
  for (const word of quotedWords(rest, "\\")) {
    if (!word.text.startsWith("--")) break;
    end = word.offsetIn(rest) + word.text.length;
    if (word.text === "--") break;
    flags.push(readFlag(name, known, word));
  }
  checkDuplicates(name, known, flags);
  return { flags, args: rest.slice(end).trim() };
}

function readFlag(instruction: string, known: Known, word: Fragment): Flag {
  if (!isBalanced(word.text, "\\")) {
    throw syntaxError(instruction, `unclosed quote in flag: ${word.text}`, word.at);
  }
  const text = unquote(word.text, "\\").slice(2);
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  const value = equals === -1 ? undefined : text.slice(equals + 1);
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  const at = word.at;
  if (kind === undefined) {
    const hint = didYouMean(name, Object.keys(known), "--");
    throw syntaxError(instruction, `unknown flag: --${name}`, at, hint);
  }
  if (kind === "boolean" ? value === "" : value === undefined) {
    throw syntaxError(instruction, `missing a value on flag: --${name}`, at);
  }
  if (kind === "boolean" && value !== undefined && !/^(?:true|false)$/i.test(value)) {
    const why = `expecting boolean value for flag --${name}, not: ${value}`;
    throw syntaxError(instruction, why, at, 'use "true" or "false"');
  }
  return { name, value: kind === "boolean" ? value?.toLowerCase() : value, at };
}

function checkDuplicates(instruction: string, known: Known, flags: readonly Flag[]): void {
  const seen = new Set<string>();
  for (const { name, at } of flags) {
    if (seen.has(name) && known[name] !== "values") {
      throw syntaxError(instruction, `duplicate flag specified: --${name}`, at);
    }
    seen.add(name);
  }
}
