import { parseArgs } from "node:util";

/** What the command line of the benchmarks asks for. */
export interface Options {
  readonly turns: number;
  /** Parts of workload names; all when empty. */
  readonly only: readonly string[];
  /** Names of peers; undefined for those that are installed. */
  readonly peers: readonly string[] | undefined;
  /** Where builders and contexts live while it runs. */
  readonly directory: string;
  /** The ordinary user as whom tsbuild and peers without a daemon run. */
  readonly account: string | undefined;
}

/** How to use it. */
export const usage = `Usage: npm run bench -- [flags]

Measures tsbuild and its peers by turns.

  --turns <n>      timed turns of each workload (default: 5)
  --only <names>   workloads whose names contain one of these, such as cached,pull,scale
  --peers <names>  docker, docker-classic, docker-new, buildah, skopeo, tsbuild-forgetful; "" for none
  --dir <path>     on the disk to measure (default: /var/tmp)
  --user <name>    run tsbuild and buildah as this ordinary user; docker stays what it is
  --help           show this text`;

/** Reads the command line; undefined asks for help. */
export function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      turns: text,
      only: text,
      peers: text,
      dir: text,
      user: text,
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return undefined;
  const turns = Number(values.turns ?? "5");
  if (!Number.isInteger(turns) || turns < 1) {
    throw new Error(`Cannot take "${values.turns ?? ""}" turns: want a number from 1`);
  }
  return {
    turns,
    only: words(values.only ?? ""),
    peers: values.peers === undefined ? undefined : words(values.peers),
    directory: values.dir ?? "/var/tmp",
    account: values.user,
  };
}

function words(text: string): readonly string[] {
  return text.split(",").filter((word) => word !== "");
}
