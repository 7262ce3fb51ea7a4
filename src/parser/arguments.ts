import type { Head } from "./head.js";
import type { Word } from "./instruction.js";
import { readJson } from "./json-form.js";
import { syntaxError } from "./syntax-error.js";
import { plainWords } from "./words.js";

/** The whole rest of the line, blanks included, is one argument. */
export function exactlyOne({ name, keyword, args }: Head): Word {
  if (args.text !== "") return args.word();
  throw syntaxError(name, `${name} requires exactly one argument`, keyword.at);
}

/** Words of which there must be some. */
export function atLeastOne({ name, keyword }: Head, words: readonly Word[]): readonly Word[] {
  if (words.length > 0) return words.map(({ text, at }) => ({ text, at }));
  throw syntaxError(name, `${name} requires at least one argument`, keyword.at);
}

/** The command that runs the shell forms. */
export function parseShell(head: Head): readonly string[] {
  const words = readJson("SHELL", head.args);
  if (words === undefined && head.args.text !== "") {
    const hint = 'write SHELL ["executable", "argument"]';
    const why = "SHELL requires the arguments to be in JSON form";
    throw syntaxError("SHELL", why, head.args.at, hint);
  }
  return atLeastOne(head, words ?? []).map((word) => word.text);
}

/** The paths of VOLUME. */
export function parseVolume(head: Head): readonly Word[] {
  const words = readJson("VOLUME", head.args) ?? plainWords(head.args);
  return atLeastOne(head, words).map(({ text, at }) => {
    if (text.trim() !== "") return { text: text.trim(), at };
    throw syntaxError("VOLUME", "VOLUME specified can not be an empty string", at);
  });
}
