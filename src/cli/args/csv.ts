import { splitCsv as split } from "../../parser/csv.js";
import { badValue } from "./usage-error.js";

/** Splits one CSV record, as flags such as `--output type=oci,"name=a,b"` use it. */
export function splitCsv(flag: string, text: string): readonly string[] {
  const fields = split(text);
  if (fields !== undefined) return fields;
  throw badValue(flag, text, "a quote is not closed or stands inside a field");
}
