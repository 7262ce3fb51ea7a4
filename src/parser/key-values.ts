import type { Fragment } from "./fragment.js";
import type { Head } from "./head.js";
import type { Arg, KeyValue, Word } from "./instruction.js";
import { syntaxError } from "./syntax-error.js";
import { type Escape, plainWords, quotedWords } from "./words.js";

/** The pairs of ENV and LABEL, in either of their forms (P13, P14). */
export function parsePairs(
  head: Head,
  escape: Escape,
): { readonly pairs: readonly KeyValue[]; readonly legacy: boolean } {
  const words = quotedWords(head.args, escape);
  const [first] = words;
  if (first === undefined) {
    throw syntaxError(head.name, `${head.name} requires at least one argument`, head.keyword.at);
  }
  if (!first.text.includes("=")) return { pairs: [legacyPair(head)], legacy: true };
  return { pairs: words.map((word) => pairOf(head.name, word)), legacy: false };
}

/** The names of ARG, each with its default if there is one. */
export function parseNames(head: Head, escape: Escape): Arg["names"] {
  const words = quotedWords(head.args, escape);
  if (words.length === 0) {
    throw syntaxError("ARG", "ARG requires at least one argument", head.keyword.at);
  }
  return words.map((word) => {
    if (!word.text.includes("=")) return { name: word.word(), value: undefined };
    const { key, value } = pairOf("ARG", word);
    return { name: key, value };
  });
}

function legacyPair({ name, args }: Head): KeyValue {
  const [key, second] = plainWords(args);
  if (key === undefined || second === undefined) {
    const hint = `write ${name} ${args.text}=<value>`;
    throw syntaxError(name, `${name} must have two arguments`, args.at, hint);
  }
  return { key: key.word(), value: args.slice(second.offsetIn(args)).word() };
}

function pairOf(instruction: string, word: Fragment): { readonly key: Word; readonly value: Word } {
  const equals = word.text.indexOf("=");
  if (equals === -1) {
    const why = `can't find = in "${word.text}"`;
    const hint = "every word must be name=value; quote values with blanks";
    throw syntaxError(instruction, why, word.at, hint);
  }
  if (equals === 0) {
    throw syntaxError(instruction, `${instruction} names can not be blank`, word.at);
  }
  return { key: word.slice(0, equals).word(), value: word.slice(equals + 1).word() };
}
