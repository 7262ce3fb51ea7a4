const powers = ["", "k", "m", "g", "t", "p"];

/** Bytes with a unit of 1024: "64m", "1.5g", "512KiB", "1048576"; undefined for anything else. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) return undefined;
  const [, number = "", unit = ""] = match;
  return Math.floor(Number(number) * 1024 ** powers.indexOf(unit.toLowerCase()));
}
