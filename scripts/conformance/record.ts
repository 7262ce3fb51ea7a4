import { readFileSync, writeFileSync } from "node:fs";
import { sections, type Case } from "./case.js";
import { formatTxtar, parseTxtar } from "./txtar.js";

/** What is written into a case's file. */
export interface Recording {
  /** Who made the result, and who agrees. */
  readonly by: string;
  readonly result: string;
  /** What tsbuild makes of it, for a case that differs. */
  readonly ours: string | undefined;
}

/** Writes results into a case's file, after its own sections. */
export function record({ file }: Case, { by, result, ours }: Recording): void {
  const { comment, members } = parseTxtar(readFileSync(file, "utf8"));
  const written = [sections.recorded, sections.ours];
  const kept = members.filter(({ name }) => !written.includes(name));
  const own = ours === undefined ? [] : [{ name: sections.ours, text: ours }];
  const recorded = { name: sections.recorded, text: `# ${by}\n${result}` };
  writeFileSync(file, formatTxtar({ comment, members: [...kept, recorded, ...own] }));
}
