/** What Unicode calls white space; JavaScript's own class lacks U+0085 and has the byte order mark. */
const BLANK =
  "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING = new RegExp(`^[${BLANK}]*`);
const FIRST = new RegExp(`[${BLANK}]`);
const ONE = new RegExp(`^[${BLANK}]$`);

/** Runs of the characters that separate words. */
export const BLANKS = new RegExp(`[${BLANK}]+`, "g");
/** Each character that is part of a word. */
export const NON_BLANKS = new RegExp(`[^${BLANK}]`, "g");

/** What is before the first blank. */
export function firstWord(text: string): string {
  return text.slice(0, FIRST.exec(text)?.index);
}

/** Text without the blanks it begins with. */
export function trimStart(text: string): string {
  return text.replace(LEADING, "");
}

/** Text without the blanks it ends with; a pattern would try each run of blanks anew. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (ONE.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
