/** A list as Go's `%v` prints it: `[/bin/sh -c]`. History texts are compared, so they must be alike. */
export function goList(items: readonly string[]): string {
  return `[${items.join(" ")}]`;
}

/** A list as Go's `%q` prints it: `["a" "b"]`. */
export function goQuotedList(items: readonly string[]): string {
  return goList(items.map(goQuote));
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/** A text as Go's `%q` prints it: `"a"`. */
export function goQuote(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`; // the tables of Unicode take a millisecond to load
  return `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escape)}"`;
}

/** A number as Go's `%q` prints it, which takes it for a character: `'\x03'`. */
export function goQuotedRune(code: number): string {
  const valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  const text = valid ? String.fromCodePoint(code) : "\ufffd";
  return `'${text === '"' ? text : text === "'" ? "\\'" : goQuote(text).slice(1, -1)}'`;
}

function escape(unit: string): string {
  const short = escapes[unit];
  if (short !== undefined) return short;
  const code = unit.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

const units = [
  ["h", 3_600_000_000_000],
  ["m", 60_000_000_000],
] as const;

/** Nanoseconds as Go prints a Duration: "1m30s", "1.5s", "250ms", "0s". */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  for (const [unit, length] of [
    ["ns", 1],
    ["µs", 1e3],
    ["ms", 1e6],
  ] as const) {
    if (nanoseconds < length * 1000) return `${nanoseconds / length}${unit}`;
  }
  let rest = nanoseconds;
  let text = "";
  for (const [unit, length] of units) {
    const count = Math.floor(rest / length);
    if (count > 0 || text !== "") text += `${count}${unit}`;
    rest -= count * length;
  }
  return `${text}${rest / 1e9}s`;
}
