import { badValue } from "./usage-error.js";

const powers = ["", "k", "m", "g", "t", "p"];

/** Reads bytes with a unit of 1024: "64m", "1.5g", "512KiB", "1048576". */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) {
    throw badValue(flag, text, "want a number of bytes with an optional unit b, k, m, g or t");
  }
  const [, number = "", unit = ""] = match;
  const bytes = Math.floor(Number(number) * 1024 ** powers.indexOf(unit.toLowerCase()));
  if (!Number.isSafeInteger(bytes)) throw badValue(flag, text, "too large");
  return bytes;
}
