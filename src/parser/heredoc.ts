import type { Span } from "../error.js";
import { trimStart } from "./blank.js";
import type { Fragment } from "./fragment.js";
import type { Heredoc } from "./instruction.js";
import type { Layout } from "./joined-line.js";
import { syntaxError } from "./syntax-error.js";
import { isBalanced, quotedWords, unquote } from "./words.js";

/** A word that announces a here-document. */
interface Announcement {
  readonly word: Fragment;
  readonly name: string;
  readonly expand: boolean;
  readonly stripTabs: boolean;
}

/** A here-document and where its word stands. */
export interface PlacedHeredoc {
  readonly word: Fragment;
  readonly heredoc: Heredoc;
}

const OPERATOR = /^\d*<<-?$/;
const WORD = /^\d*<<(-?)([^<]+)$/;

/** The heredocs of an instruction and where the file goes on. */
interface Heredocs {
  readonly heredocs: readonly PlacedHeredoc[];
  /** Index of the line after the last body. */
  readonly next: number;
  /** Offset of the end of the last body. */
  readonly end: number;
}

/** Reads the bodies that the arguments announce, in order, from the line at `first` on. */
export function readHeredocs(layout: Layout, args: Fragment, first: number): Heredocs {
  let next = first;
  const heredocs = announcements(args).map((announcement) => {
    const { heredoc, after } = readBody(layout, announcement, next);
    next = after;
    return { word: announcement.word, heredoc };
  });
  return { heredocs, next, end: layout.lines[next - 1]?.end ?? 0 };
}

/** Finds them with a shell's quoting, whatever the escape directive says (P09). */
function announcements(args: Fragment): readonly Announcement[] {
  if (!args.text.includes("<<") || !isBalanced(args.text, "\\")) return [];
  const words = quotedWords(args, "\\");
  const found: Announcement[] = [];
  for (let index = 0; index < words.length; index++) {
    const one = words[index];
    const following = words[index + 1];
    if (one === undefined) break;
    const apart = OPERATOR.test(one.text) && following !== undefined;
    const announcement = announcementOf(apart ? between(args, one, following) : one);
    if (announcement === undefined) continue;
    found.push(announcement);
    if (apart) index++;
  }
  return found;
}

/** Parentheses are left out, so that the shift in `$((1 << 2))` stays a shift. */
function announcementOf(word: Fragment): Announcement | undefined {
  const [, dash, rest] = WORD.exec(word.text) ?? [];
  const delimiter = trimStart(rest ?? "");
  if (delimiter === "" || /^[^"']*[()]/.test(delimiter)) return undefined;
  const expand = !/["']/.test(delimiter.replaceAll(/\\[^]/g, ""));
  return { word, name: unquote(delimiter, "\\"), expand, stripTabs: dash === "-" };
}

function between(args: Fragment, first: Fragment, last: Fragment): Fragment {
  return args.slice(first.offsetIn(args), last.offsetIn(args) + last.text.length);
}

function readBody(
  layout: Layout,
  { word, name, expand, stripTabs }: Announcement,
  first: number,
): { readonly heredoc: Heredoc; readonly after: number } {
  for (let index = first; index < layout.lines.length; index++) {
    const line = layout.lines[index];
    if (line === undefined) break;
    if ((stripTabs ? line.text.replace(/^\t+/, "") : line.text) !== name) continue;
    const start = layout.lines[first]?.start ?? line.start;
    const written = layout.source.text.slice(start, line.start);
    const body = stripTabs ? written.replaceAll(/(^|\n)\t+/g, "$1") : written;
    const raw = written + name;
    return {
      heredoc: { name, body, expand, word: word.text, raw, at: word.at },
      after: index + 1,
    };
  }
  throw unterminated(name, word.at);
}

function unterminated(name: string, at: Span): Error {
  const word = /^[^;&|>]+(?=[;&|>])/.exec(name)?.[0];
  const hint =
    word === undefined
      ? `end it with a line that is nothing but "${name}"`
      : `write a blank after the delimiter "${word}"`;
  return syntaxError("heredoc", `unterminated heredoc "${name}"`, at, hint);
}
