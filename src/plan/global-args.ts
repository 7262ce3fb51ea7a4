import { locate } from "../error.js";
import type { Arg } from "../parser/instruction.js";
import { expand } from "./expand.js";

/** What the ARGs before the first FROM start from. */
export interface GlobalArgs {
  readonly escape: "\\" | "`";
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Platform arguments: known before the first line. */
  readonly predefined: ReadonlyMap<string, string>;
}

/** As `readGlobalArgs`, but undefined where that fails. */
export function readDefaults(
  args: readonly Arg[],
  given: GlobalArgs,
): ReadonlyMap<string, string> | undefined {
  try {
    return readGlobalArgs(args, given);
  } catch {
    return undefined;
  }
}

/** Values of the ARGs before the first FROM; later defaults may use earlier ones (S09). */
export function readGlobalArgs(
  args: readonly Arg[],
  { escape, buildArgs, predefined }: GlobalArgs,
): ReadonlyMap<string, string> {
  const values = new Map(predefined);
  for (const { name, value } of args.flatMap((arg) => arg.names)) {
    const given = buildArgs.get(name.text);
    if (given !== undefined) {
      values.set(name.text, given);
    } else if (value !== undefined) {
      try {
        const { text } = expand(value.text, { lookup: (key) => values.get(key), escape });
        values.set(name.text, text);
      } catch (error) {
        throw locate(error, value.at);
      }
    }
  }
  return values;
}
