import { BuildError, locate, type Source, type Span } from "../error.js";
import { trimStart } from "./blank.js";
import { defaultChecks, parseCheckOptions, type CheckOptions } from "./check-options.js";
import type { Directives } from "./instruction.js";
import type { PhysicalLine } from "./physical-lines.js";
import { syntaxError } from "./syntax-error.js";

/** Build arguments that count instead of directives (S17). */
export interface Overrides {
  /** BUILDKIT_SYNTAX. */
  readonly syntax?: string | undefined;
  /** BUILDKIT_DOCKERFILE_CHECK. */
  readonly check?: string | undefined;
  /** What a named context puts in the place of a front end (P08). */
  readonly replacementOf?: (frontEnd: string) => string | undefined;
}

/** What the top of a file says. */
interface Top {
  readonly directives: Directives;
  readonly checks: CheckOptions;
  /** Index of the first line that is not a directive. */
  readonly next: number;
}

interface Directive {
  readonly name: string;
  readonly value: string;
  readonly at: Span;
}

const DIRECTIVE = /^\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/;
const KNOWN = new Set(["escape", "syntax", "check"]);
const FRONT_END = /^(?:(?:index\.)?docker\.io\/)?docker\/dockerfile[^/\s]*$/;

/** Reads the directives at the top of the file; they end at the first line that is none. */
export function readTop(
  source: Source,
  lines: readonly PhysicalLine[],
  overrides: Overrides = {},
): Top {
  const block = readBlock(source, lines, { marker: "#", indented: true });
  checkRepeated(block);
  const escape = find(block, "escape");
  if (escape !== undefined) checkEscape(escape);
  // a front end is chosen, and checks are set, before there is a parser that strips blanks
  const shebang = lines[0]?.text.startsWith("#!") === true;
  const detected = shebang ? lines.slice(1) : lines;
  const early = readBlock(source, detected, { marker: "#" });
  const syntax = find(early, "syntax") ?? otherSyntax(source, detected);
  checkFrontEnd(overrides, syntax);
  const check = find(early, "check");
  return {
    directives: {
      escape: escape?.value === "`" ? "`" : "\\",
      syntax: overrides.syntax ?? syntax?.value,
      check: overrides.check ?? check?.value,
    },
    checks: readChecks(overrides.check, check),
    next: block.length,
  };
}

function readBlock(
  source: Source,
  lines: readonly PhysicalLine[],
  { marker, indented = false }: { readonly marker: string; readonly indented?: boolean },
): readonly Directive[] {
  const found: Directive[] = [];
  for (const line of lines) {
    const { start, end } = line;
    const text = indented ? trimStart(line.text) : line.text;
    if (!text.startsWith(marker)) break;
    const [, name = "", rest] = DIRECTIVE.exec(text.slice(marker.length)) ?? [];
    if (rest === undefined || !KNOWN.has(name.toLowerCase())) break;
    const at = { source, start, end };
    found.push({ name: name.toLowerCase(), value: rest.trimEnd(), at });
  }
  return found;
}

function find(block: readonly Directive[], name: string): Directive | undefined {
  return block.find((directive) => directive.name === name);
}

function checkRepeated(block: readonly Directive[]): void {
  const seen = new Set<string>();
  for (const { name, at } of block) {
    if (seen.has(name)) {
      throw syntaxError("Dockerfile", `only one ${name} parser directive can be used`, at);
    }
    seen.add(name);
  }
}

function checkEscape({ value, at }: Directive): void {
  if (value === "\\" || value === "`") return;
  const why = `invalid escape token "${value}"`;
  throw syntaxError("Dockerfile", why, at, "use a backslash or a backtick");
}

function checkFrontEnd(
  { syntax, replacementOf }: Overrides,
  directive: Directive | undefined,
): void {
  const value = syntax ?? directive?.value;
  if (value === undefined) return;
  const [name = ""] = value.trim().split(/\s/, 1);
  const image = replacementOf?.(name) ?? name;
  if (FRONT_END.test(image)) return;
  const at = syntax === undefined ? directive?.at : undefined;
  const message = `Cannot use front end "${image}": only docker/dockerfile is built in`;
  const hint = "remove the syntax directive if this is a plain Dockerfile";
  throw new BuildError("UNSUPPORTED", message, { at, hint });
}

/** A front end may also be named in `//` comments and in a JSON document (P08). */
function otherSyntax(source: Source, lines: readonly PhysicalLine[]): Directive | undefined {
  const [first] = lines;
  if (first === undefined) return undefined;
  const { start, end } = first;
  const json = syntaxOfJson(source.text.slice(start));
  if (json !== undefined) return { name: "syntax", value: json, at: { source, start, end } };
  return find(readBlock(source, lines, { marker: "//" }), "syntax");
}

function syntaxOfJson(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    const found = typeof document === "object" && document !== null && "syntax" in document;
    return found && typeof document.syntax === "string" ? document.syntax : undefined;
  } catch {
    return undefined; // then it is read as a Dockerfile, which reports its first line
  }
}

/** Of the directive only the first word counts, so that a remark may follow. */
function readChecks(override: string | undefined, directive: Directive | undefined): CheckOptions {
  if (override !== undefined) return parseCheckOptions(override);
  if (directive === undefined) return defaultChecks;
  const [word = ""] = directive.value.split(" ", 1);
  try {
    return parseCheckOptions(word);
  } catch (error) {
    throw locate(error, directive.at);
  }
}
