const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy;
const LONGEST = 2 ** 63;

/** Nanoseconds of a duration as Go writes it ("1h30m", "1.5s", "0"), or undefined. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const amount = text.replace(/^[+-]/, "");
  if (amount === "0") return 0;
  let end = 0;
  let sum = 0;
  for (const [part, count = "", unit = ""] of amount.matchAll(PART)) {
    end += part.length;
    sum += Number(count) * (UNITS[unit] ?? NaN);
  }
  if (end === 0 || end < amount.length || sum >= LONGEST) return undefined;
  return sign * Math.trunc(sum);
}
