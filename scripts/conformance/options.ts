import { parseArgs } from "node:util";

/** What the command line of the conformance suite asks for. */
export interface Options {
  /** Parts of the cases' names; all cases when empty. */
  readonly only: readonly string[];
  /** Names of peers; undefined for those that are installed. */
  readonly peers: readonly string[] | undefined;
  readonly record: boolean;
  readonly layOut: string | undefined;
  /** Only write the document. */
  readonly document: boolean;
}

/** How to use it. */
export const usage = `Usage: npm run conformance -- [flags] [parts of case names]

Builds every case of fixtures/conformance with tsbuild and with the peers that are installed, and
compares the images.

  --peers <names>   docker, buildah; "" for none, as the tests do
  --record          write what docker makes of the cases into their files
  --lay-out <dir>   only write the cases' contexts, each into a directory below this one
  --document        only write docs/conformance.md
  --help            show this text`;

/** Reads the command line; undefined asks for help. */
export function readOptions(args: readonly string[]): Options | undefined {
  const [text, flag] = [{ type: "string" }, { type: "boolean", default: false }] as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { peers: text, record: flag, "lay-out": text, document: flag, help: flag },
  });
  if (values.help) return undefined;
  return {
    only: positionals,
    peers: values.peers?.split(",").filter((name) => name !== ""),
    record: values.record,
    layOut: values["lay-out"],
    document: values.document,
  };
}
