import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { parseTxtar, type Member } from "./txtar.js";

/** A build and what must come of it: one file below fixtures/conformance (see its README.md). */
export interface Case {
  /** The file's name without its ending, such as "c04-created-as-root". */
  readonly name: string;
  readonly file: string;
  /** Rows of the table that it is about; the first one is in its name. */
  readonly ids: readonly string[];
  readonly title: string;
  /** Flags of the build. */
  readonly args: readonly string[];
  readonly context: string;
  readonly env: Readonly<Record<string, string>>;
  /** Set when the build must fail. */
  readonly failure: Failure | undefined;
  /** Why tsbuild's result is another one, on purpose. */
  readonly differs: string | undefined;
  /** What tsbuild cannot do yet. */
  readonly pending: string | undefined;
  /** Why no peer can make the result, which then is tsbuild's own, read by hand. */
  readonly reviewed: string | undefined;
  /** Why only root can lay it out. */
  readonly root: string | undefined;
  readonly files: readonly Member[];
  /** A shell script that runs in the directory, for what is not a plain text file. */
  readonly setup: string | undefined;
  readonly stdin: string | undefined;
  /** What the reference made of it; undefined before the first `--record`. */
  readonly recorded: string | undefined;
  /** What tsbuild makes of it, where that `differs`. */
  readonly ours: string | undefined;
}

/** How tsbuild must refuse a case. */
export interface Failure {
  /** The line of the Dockerfile that it names; undefined when the fault is elsewhere. */
  readonly line: number | undefined;
  readonly message: RegExp;
}

/** Sections that are not files of the context. */
export const sections = {
  setup: "(setup)",
  stdin: "(stdin)",
  recorded: "(result)",
  ours: "(tsbuild)",
};

const casesDirectory = join(import.meta.dirname, "../../fixtures/conformance");

/** All cases, or those whose names contain one of `parts`. */
export function readCases(parts: readonly string[] = []): readonly Case[] {
  return readdirSync(casesDirectory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".txtar"))
    .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
    .sort()
    .map((path) => readCase(join(casesDirectory, path)));
}

function readCase(file: string): Case {
  const name = basename(file, ".txtar");
  try {
    return parseCase(file, readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`Cannot read case ${name}`, { cause: error });
  }
}

/** Reads the text of one case. */
export function parseCase(file: string, text: string): Case {
  const { comment, members } = parseTxtar(text);
  const name = basename(file, ".txtar");
  const { title, settings } = readComment(comment);
  const section = (wanted: string): string | undefined =>
    members.find((member) => member.name === wanted)?.text;
  const special = new Set(Object.values(sections));
  return {
    name,
    file,
    ids: [idOf(name), ...words(settings.get("also") ?? "")],
    title,
    args: words(settings.get("args") ?? ""),
    context: settings.get("context") ?? ".",
    env: Object.fromEntries(words(settings.get("env") ?? "").map((word) => pair(word))),
    failure: failureOf(settings.get("fails")),
    differs: settings.get("differs"),
    pending: settings.get("pending"),
    reviewed: settings.get("reviewed"),
    root: settings.get("root"),
    files: members.filter((member) => !special.has(member.name)),
    setup: section(sections.setup),
    stdin: section(sections.stdin),
    recorded: section(sections.recorded),
    ours: section(sections.ours),
  };
}

const known = new Set([
  "also",
  "args",
  "context",
  "env",
  "fails",
  "differs",
  "pending",
  "reviewed",
  "root",
]);

/** The first line says what the case shows; lines "name: value" set something. */
function readComment(comment: string): {
  readonly title: string;
  readonly settings: ReadonlyMap<string, string>;
} {
  const [title = "", ...rest] = comment.split("\n");
  if (title === "") throw new Error("the first line must say what the case shows");
  const settings = new Map<string, string>();
  for (const line of rest) {
    const [, name = "", value = ""] = /^([a-z]+): (.+)$/.exec(line) ?? [];
    if (line === "") continue;
    if (!known.has(name)) throw new Error(`"${line}" sets nothing that is known`);
    settings.set(name, value);
  }
  return { title, settings };
}

function idOf(name: string): string {
  const id = /^([a-z]\d\d)-/.exec(name)?.[1];
  if (id === undefined) throw new Error("its name must start with a row of the table, as c04-");
  return id.toUpperCase();
}

/** Words at blanks; single quotes hold some together. */
function words(text: string): readonly string[] {
  return (text.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ""));
}

function pair(word: string): readonly [string, string] {
  const [name = "", ...value] = word.split("=");
  return [name, value.join("=")];
}

function failureOf(text: string | undefined): Failure | undefined {
  if (text === undefined) return undefined;
  const [, line, message = ""] = /^(?:(\d+): )?(.*)$/.exec(text) ?? [];
  return { line: line === undefined ? undefined : Number(line), message: new RegExp(message) };
}
