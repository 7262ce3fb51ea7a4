import type { Span } from "../error.js";
import { type Head, splitHead } from "./head.js";
import { type PlacedHeredoc, readHeredocs } from "./heredoc.js";
import { joinLines, type JoinedLine, type Layout } from "./joined-line.js";
import { isJson } from "./json-form.js";

/** An instruction whose extent is known: its line in parts, and the heredocs below it. */
export interface Statement {
  readonly head: Head;
  /** What follows the keyword ONBUILD and its flags. */
  readonly trigger: Head | undefined;
  readonly heredocs: readonly PlacedHeredoc[];
  readonly at: Span;
  /** The joined line. */
  readonly line: string;
  /** The last of its lines, where a blank one is among them. */
  readonly blank: Span | undefined;
  /** What the comment lines right above it say. */
  readonly comments: readonly string[];
}

const WITH_HEREDOCS = new Set(["ADD", "COPY", "RUN"]);

/** Reads the instructions of a file, one after another, from the line at `first` on. */
export function* readStatements(layout: Layout, first = 0): Generator<Statement> {
  let index = first;
  let comments: string[] = [];
  while (index < layout.lines.length) {
    const joined = joinLines(layout, index);
    if (joined.empty) {
      const comment = commentOf(layout.lines[index]?.text ?? "");
      if (comment === "") comments = [];
      else comments.push(comment);
      index = joined.next;
    } else {
      const { statement, next } = readStatement(layout, joined, comments);
      comments = [];
      index = next;
      yield statement;
    }
  }
}

/** The text of a comment line; nothing for a blank line, as for an empty comment. */
function commentOf(line: string): string {
  return line.trim().replace(/^#/, "").trim();
}

function readStatement(
  layout: Layout,
  joined: JoinedLine,
  comments: readonly string[],
): { readonly statement: Statement; readonly next: number } {
  const head = splitHead(joined.text);
  const trigger =
    head.name === "ONBUILD" && head.args.text !== "" ? splitHead(head.args) : undefined;
  const { name, args } = trigger ?? head;
  const takesHeredocs = WITH_HEREDOCS.has(name) && !isJson(args);
  const found = takesHeredocs ? readHeredocs(layout, args, joined.next) : undefined;
  const text = joined.text.trim();
  const at = layout.fixed ?? { ...text.at, end: Math.max(text.at.end, found?.end ?? 0) };
  const heredocs = found?.heredocs ?? [];
  const { blank } = joined;
  const statement = { head, trigger, heredocs, at, line: text.text, blank, comments };
  return { statement, next: found?.next ?? joined.next };
}
