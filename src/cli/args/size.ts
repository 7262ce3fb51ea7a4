import { parseByteSize } from "../../parser/byte-size.js";
import { badValue } from "./usage-error.js";

/** Reads bytes with a unit of 1024: "64m", "1.5g", "512KiB", "1048576". */
export function parseSize(flag: string, text: string, hint?: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) {
    const want = "want a number of bytes with an optional unit b, k, m, g or t";
    throw badValue(flag, text, want, hint);
  }
  if (!Number.isSafeInteger(bytes)) throw badValue(flag, text, "too large");
  return bytes;
}
