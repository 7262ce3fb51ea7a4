import { lstatSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BuildError, type Source, type Span } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { cleanPath, compileGlob } from "./glob.js";
import { IgnoreRules, type IgnoreRule } from "./ignore-rules.js";
import { openRootfs } from "./rootfs.js";
import { toBytePath } from "../oci/changeset.js";

/** Reads a .dockerignore (SEMANTICS G02); throws IGNORE_FILE with the pattern that is wrong. */
export function parseIgnore(source: Source): IgnoreRules {
  const rules: IgnoreRule[] = [];
  let start = source.text.startsWith("\uFEFF") ? 1 : 0;
  for (const line of source.text.slice(start).split("\n")) {
    const rule = parseLine(line, start, source);
    if (rule !== undefined) rules.push(rule);
    start += line.length + 1;
  }
  return new IgnoreRules(source, rules);
}

function parseLine(line: string, lineStart: number, source: Source): IgnoreRule | undefined {
  const text = line.trim();
  if (text === "" || line.startsWith("#")) return undefined;
  const start = lineStart + line.indexOf(text);
  const at: Span = { source, start, end: start + text.length };
  const negated = text.startsWith("!");
  const pattern = negated ? text.slice(1).trim() : text;
  if (pattern === "") throw malformed(at, `nothing follows "!"`);
  const clean = cleanPath(pattern);
  const glob = compileGlob(clean.length > 1 ? clean.replace(/^\//, "") : clean, "path");
  if (glob === undefined) throw malformed(at, "the pattern is malformed");
  return { glob, negated, at };
}

function malformed(at: Span, reason: string): BuildError {
  const { source, start, end } = at;
  const text = source.text.slice(start, end);
  return new BuildError("IGNORE_FILE", `Cannot use "${text}" of ${source.name}: ${reason}`, {
    at,
    hint: `in patterns, "[" opens a class such as [a-z], and "\\" takes the next character as it is`,
  });
}

/** Where to look for an ignore file. */
export interface IgnoreFileSearch {
  /** Host path of the context. */
  readonly root: string;
  /** Host path of the Dockerfile; undefined when it is not a file (standard input). */
  readonly dockerfile: string | undefined;
}

const NAME = ".dockerignore";

/** The ignore file that counts: `<Dockerfile>.dockerignore`, else `.dockerignore` of the context. */
export function findIgnoreFile({ root, dockerfile }: IgnoreFileSearch): Source | undefined {
  const own = dockerfile === undefined ? undefined : readOwn(`${dockerfile}${NAME}`);
  return own ?? readShared(root);
}

/** Where `findIgnoreFile` looks. */
export function ignoreFilePaths({ root, dockerfile }: IgnoreFileSearch): readonly string[] {
  return [...(dockerfile === undefined ? [] : [`${dockerfile}${NAME}`]), join(root, NAME)];
}

function readOwn(path: string): Source | undefined {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    const found = statSync(path);
    if (!found.isFile() && !found.isDirectory()) throw endless(basename(path));
    return { name: basename(path), text: readFileSync(path, "utf8") };
  } catch (error) {
    throw unreadable(basename(path), error);
  }
}

/** A `.dockerignore` may be a link, but only to inside the context: its lines are shown in errors. */
function readShared(root: string): Source | undefined {
  const name = NAME;
  try {
    const path = toBytePath(name);
    const context = openRootfs(root);
    const bytes = context.readFile(path, maxIgnoreFile);
    if (bytes !== undefined) return { name, text: Buffer.from(bytes).toString("utf8") };
    if (context.lstat(context.resolve(path))?.type === "other") throw endless(name);
    return undefined;
  } catch (error) {
    throw unreadable(name, error);
  }
}

const maxIgnoreFile = 16 * 1024 * 1024;

/** A device may have no end, and a pipe nobody who writes into it. */
function endless(name: string): BuildError {
  return new BuildError("IGNORE_FILE", `Cannot read ${name}: it is not a file`);
}

function unreadable(name: string, cause: unknown): unknown {
  if (cause instanceof BuildError || !isSystemError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : "";
  return new BuildError("IGNORE_FILE", `Cannot read ${name}: ${reason}`, { cause });
}
