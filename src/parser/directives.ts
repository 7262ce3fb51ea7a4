import { BuildError, type Source, type Span } from "../error.js";
import { trimStart } from "./blank.js";
import type { Directives } from "./instruction.js";
import type { PhysicalLine } from "./physical-lines.js";
import { syntaxError } from "./syntax-error.js";

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*)$/;
const KNOWN = new Set(["escape", "syntax", "check"]);
const FRONT_END = /^(?:(?:index\.)?docker\.io\/)?docker\/dockerfile[^/\s]*$/;

/** Reads the directives at the top of the file; they end at the first line that is none. */
export function readDirectives(source: Source, lines: readonly PhysicalLine[]): Directives {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, rest] = DIRECTIVE.exec(trimStart(line.text)) ?? [];
    if (name === undefined || rest === undefined) break;
    const value = rest.trimEnd();
    const key = name.toLowerCase();
    if (!KNOWN.has(key)) break;
    const at = { source, start: line.start, end: line.end };
    if (found.has(key)) {
      throw syntaxError("Dockerfile", `only one ${key} parser directive can be used`, at);
    }
    if (key === "syntax") checkFrontEnd(value, at);
    if (key === "escape") checkEscape(value, at);
    found.set(key, value);
  }
  if (!found.has("syntax")) checkOtherForms(source, lines);
  return {
    escape: found.get("escape") === "`" ? "`" : "\\",
    syntax: found.get("syntax"),
    check: found.get("check"),
  };
}

function checkEscape(value: string, at: Span): void {
  if (value === "\\" || value === "`") return;
  const why = `invalid escape token "${value}"`;
  throw syntaxError("Dockerfile", why, at, "use a backslash or a backtick");
}

function checkFrontEnd(value: string, at: Span): void {
  const [image = ""] = value.split(/\s/, 1);
  if (FRONT_END.test(image)) return;
  const message = `Cannot use front end "${image}": only docker/dockerfile is built in`;
  const hint = "remove the syntax directive if this is a plain Dockerfile";
  throw new BuildError("UNSUPPORTED", message, { at, hint });
}

/** A front end may also be named after a shebang line, in `//` comments and in a JSON document (P08). */
function checkOtherForms(source: Source, lines: readonly PhysicalLine[]): void {
  const shebang = lines[0]?.text.startsWith("#!") === true;
  const line = lines[shebang ? 1 : 0];
  if (line === undefined) return;
  const at = { source, start: line.start, end: line.end };
  const marked = /^(?:#|\/\/)\s*syntax\s*=\s*(\S.*)$/i.exec(line.text)?.[1];
  const value = marked ?? syntaxOfJson(source.text.slice(line.start));
  if (value !== undefined) checkFrontEnd(value, at);
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
