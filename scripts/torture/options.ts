import { parseArgs } from "node:util";

/** What the command line of the torture asks for. */
export interface Options {
  readonly rounds: number;
  /** What chooses builds, signals and moments: the same seed chooses the same. */
  readonly seed: number;
  /** As whom tsbuild runs. */
  readonly user: string;
  /** TSBUILD_SNAPSHOTTER; undefined for the best that works. */
  readonly snapshotter: string | undefined;
  /** Where stores and contexts live while it runs. */
  readonly directory: string;
}

/** How to use it. */
export const usage = `Usage: npm run torture -- [flags]

Starts six builds and one other command at once on one store, kills them at random, and looks whether anything is wrong or left.
The files of one of the contexts change while it is built.

  --rounds <n>          how often (default: 100)
  --seed <n>            choose what an earlier run chose (default: by the clock; it is printed)
  --user <name>         run tsbuild as this user (default: root)
  --snapshotter <name>  erofs or directory (default: the best that works)
  --dir <path>          on the disk to use (default: /var/tmp)
  --help                show this text`;

/** Reads the command line; undefined asks for help. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      seed: text,
      user: text,
      snapshotter: text,
      dir: text,
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return undefined;
  return {
    rounds: number("rounds", values.rounds ?? "100"),
    seed: number("seed", values.seed ?? String(Date.now() % 1_000_000)),
    user: values.user ?? "root",
    snapshotter: values.snapshotter,
    directory: values.dir ?? "/var/tmp",
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`Cannot take "${text}" for --${name}: want a number from 1`);
}
