/** One file of a txtar archive. */
export interface Member {
  readonly name: string;
  readonly text: string;
}

/** Files in one readable text: a comment, then each file after a line "-- its/name --". */
export interface Txtar {
  readonly comment: string;
  readonly members: readonly Member[];
}

const marker = /^-- (.+) --$/;

/** Reads the format that Go's own tests use. */
export function parseTxtar(text: string): Txtar {
  let comment = "";
  const members: { name: string; text: string }[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const name = marker.exec(line.trimEnd())?.[1];
    const last = members.at(-1);
    if (name !== undefined) members.push({ name, text: "" });
    else if (last !== undefined) last.text += line;
    else comment += line;
  }
  return { comment, members };
}

/** Writes what `parseTxtar` reads. */
export function formatTxtar({ comment, members }: Txtar): string {
  return comment + members.map(({ name, text }) => `-- ${name} --\n${text}`).join("");
}
