/** One token of a template, with the offset where it starts. */
export type Token =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  | { readonly kind: "open" | "close"; readonly at: number }
  /** ".", ".A", "$", "$x", "name", "|", "(", ")", ",", ":=", "=". */
  | {
      readonly kind: "word" | "sign" | "field" | "variable";
      readonly text: string;
      readonly at: number;
    }
  | { readonly kind: "literal"; readonly value: string | number; readonly at: number }
  /** Blanks between operands: "(.A) .B" is not "(.A).B". */
  | { readonly kind: "blank"; readonly at: number };

/** What is wrong with a template; whoever knows the flag tells the user. */
export class TemplateError extends Error {}

const inside = new RegExp(
  [
    String.raw`(?<close>\s+-\}\}|\}\})`,
    String.raw`(?<blank>\s+)`,
    String.raw`(?<string>"(?:[^"\\\n]|\\.)*")`,
    String.raw`(?<raw>${"`[^`]*`"})`,
    String.raw`(?<char>'(?:[^'\\\n]|\\.)')`,
    String.raw`(?<number>[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w]))`,
    String.raw`(?<field>\.[\p{L}_][\p{L}\p{N}_]*|\.)`,
    String.raw`(?<variable>\$[\p{L}\p{N}_]*)`,
    String.raw`(?<word>[\p{L}_][\p{L}\p{N}_]*)`,
    String.raw`(?<sign>:=|[|(),=])`,
  ].join("|"),
  "uy",
);

/** The greatest width and the greatest count, as with Go's own printf: more is a typing error. */
export const MOST = 1_000_000;

/** Cuts a Go template (pkg.go.dev/text/template) into tokens. */
export function tokenize(template: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < template.length) {
    const open = template.indexOf("{{", at);
    const end = open < 0 ? template.length : open;
    const trims = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4));
    const text = trimmed(template.slice(at, end), { start: trimNext, end: trims });
    if (text !== "") tokens.push({ kind: "text", text, at });
    if (open < 0) break;
    const action = tokenizeAction(template, open, open + (trims ? 3 : 2));
    tokens.push(...action.tokens);
    ({ end: at, trimNext } = action);
  }
  return tokens;
}

function trimmed(text: string, sides: { readonly start: boolean; readonly end: boolean }): string {
  const started = sides.start ? text.trimStart() : text;
  return sides.end ? started.trimEnd() : started;
}

interface Action {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trimNext: boolean;
}

function tokenizeAction(template: string, open: number, start: number): Action {
  const comment = /\s*\/\*[^]*?\*\/(\s+-)?\}\}/y;
  comment.lastIndex = start;
  const skipped = comment.exec(template);
  if (skipped !== null) {
    return { tokens: [], end: comment.lastIndex, trimNext: skipped[1] !== undefined };
  }
  const tokens: Token[] = [{ kind: "open", at: open }];
  for (let at = start; at < template.length; at = inside.lastIndex) {
    inside.lastIndex = at;
    const groups = inside.exec(template)?.groups;
    if (groups === undefined) {
      throw new TemplateError(`unexpected ${JSON.stringify(template.slice(at, at + 1))} in action`);
    }
    const close = groups["close"];
    if (close !== undefined) {
      tokens.push({ kind: "close", at });
      return { tokens, end: inside.lastIndex, trimNext: close.includes("-") };
    }
    tokens.push(tokenOf(groups, at));
  }
  throw new TemplateError('an action is not closed: want "}}"');
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, at: number): Token {
  for (const kind of ["field", "variable", "word", "sign"] as const) {
    const text = groups[kind];
    if (text !== undefined) return { kind, text, at };
  }
  const { string, raw, char, number } = groups;
  if (string !== undefined) return { kind: "literal", value: unquoted(string), at };
  if (raw !== undefined) return { kind: "literal", value: raw.slice(1, -1), at };
  if (char !== undefined) return { kind: "literal", value: unquoted(char).codePointAt(0) ?? 0, at };
  if (number !== undefined) return { kind: "literal", value: Number(number), at };
  return { kind: "blank", at };
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** A quoted text of Go. */
function unquoted(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gu, (_, code: string) => {
      if (code.length > 1) return String.fromCharCode(parseInt(code.slice(1), 16));
      return escapes[code] ?? code;
    });
}
