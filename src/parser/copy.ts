import type { Fragment } from "./fragment.js";
import type { Head } from "./head.js";
import type { PlacedHeredoc } from "./heredoc.js";
import type { Copy, CopySource } from "./instruction.js";
import { readJson } from "./json-form.js";
import { syntaxError } from "./syntax-error.js";
import { plainWords } from "./words.js";

/** The sources and the destination of COPY and ADD. */
export function parsePaths(
  head: Head,
  heredocs: readonly PlacedHeredoc[],
): Pick<Copy, "sources" | "destination"> {
  const paths = readJson(head.name, head.args) ?? withHeredocs(head.args, heredocs);
  const destination = paths.at(-1);
  if (destination === undefined || paths.length < 2) throw tooFew(head, paths.length);
  if ("body" in destination) {
    const why = `cannot accept a heredoc as a destination: ${destination.word}`;
    throw syntaxError(head.name, why, destination.at);
  }
  const sources = paths.slice(0, -1);
  for (const source of sources) checkFileName(head.name, source);
  return { sources, destination };
}

/** A heredoc becomes a file of its name, so the name must not lead elsewhere. */
function checkFileName(instruction: string, source: CopySource): void {
  if (!("body" in source)) return;
  if (!["", ".", ".."].includes(source.name) && !source.name.includes("/")) return;
  throw syntaxError(instruction, `heredoc name "${source.name}" is not a file name`, source.at);
}

/** Words split at every blank, but heredoc words split as the shell does. */
function withHeredocs(args: Fragment, heredocs: readonly PlacedHeredoc[]): readonly CopySource[] {
  const paths: CopySource[] = [];
  let done = 0;
  for (const { word, heredoc } of heredocs) {
    const start = word.offsetIn(args);
    paths.push(...plainWords(args.slice(done, start)).map((each) => each.word()), heredoc);
    done = start + word.text.length;
  }
  return [...paths, ...plainWords(args.slice(done)).map((each) => each.word())];
}

function tooFew({ name, keyword }: Head, count: number): Error {
  const provided = count === 0 ? "none was provided" : "only one was provided";
  const why = `${name} requires at least two arguments, but ${provided}. Destination could not be determined`;
  return syntaxError(name, why, keyword.at);
}
