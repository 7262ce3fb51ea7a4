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
  /** A blank line among the continued ones. */
  readonly blank: Span | undefined;
}

const WITH_HEREDOCS = new Set(["ADD", "COPY", "RUN"]);

/** Reads the instructions of a file, one after another. */
export function* readStatements(layout: Layout): Generator<Statement> {
  let index = 0;
  while (index < layout.lines.length) {
    const joined = joinLines(layout, index);
    index = joined.next;
    if (joined.empty) continue;
    const { statement, next } = readStatement(layout, joined);
    index = next;
    yield statement;
  }
}

function readStatement(
  layout: Layout,
  joined: JoinedLine,
): { readonly statement: Statement; readonly next: number } {
  const head = splitHead(joined.text);
  const trigger =
    head.name === "ONBUILD" && head.args.text !== "" ? splitHead(head.args) : undefined;
  const { name, args } = trigger ?? head;
  const takesHeredocs = WITH_HEREDOCS.has(name) && !isJson(args);
  const found = takesHeredocs ? readHeredocs(layout, args, joined.next) : undefined;
  const text = joined.text.trim();
  const at = layout.fixed ?? { ...text.at, end: Math.max(text.at.end, found?.end ?? 0) };
  const { blank } = joined;
  const statement = { head, trigger, heredocs: found?.heredocs ?? [], at, line: text.text, blank };
  return { statement, next: found?.next ?? joined.next };
}
