import { badValue } from "./usage-error.js";

const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/** Splits one CSV record (RFC 4180), as flags such as `--output type=oci,"name=a,b"` use it. */
export function splitCsv(flag: string, text: string): readonly string[] {
  const fields: string[] = [];
  field.lastIndex = 0;
  for (;;) {
    const match = field.exec(text);
    if (match === null)
      throw badValue(flag, text, "a quote is not closed or stands inside a field");
    const [, quoted, plain = "", end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "") return fields;
  }
}
