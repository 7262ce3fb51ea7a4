import type { Located } from "../parser/instruction.js";

/** What a comment line right above an instruction says of the name it begins with (P20). */
export function describe({ comments }: Located, name: string): string | undefined {
  const line = comments.find((text) => text.startsWith(`${name} `));
  return line?.slice(name.length + 1);
}
