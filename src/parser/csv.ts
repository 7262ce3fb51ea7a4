const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/** Splits one CSV record (RFC 4180); undefined when a quote is not closed or stands inside a field. */
export function splitCsv(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  field.lastIndex = 0;
  for (;;) {
    const match = field.exec(text);
    if (match === null) return undefined;
    const [, quoted, plain = "", end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "") return fields;
  }
}
