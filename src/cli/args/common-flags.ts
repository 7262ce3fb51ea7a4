import { Flags } from "./flags.js";
import { unsupportedBuildxFlags } from "./unsupported.js";
import { nonEmpty, parseProgress, progresses, unlessEmpty, type Progress } from "./words.js";

/** The flags of a command without anything special. */
export function command(
  name: string,
  usage: string,
  summary: string,
  examples: readonly string[],
): Flags {
  return new Flags({ name, usage, summary, examples });
}

/** Those of a command that docker buildx has, too. */
export function buildxCommand(
  name: string,
  usage: string,
  summary: string,
  examples: readonly string[],
): Flags {
  return new Flags({ name, usage, summary, examples, unsupported: unsupportedBuildxFlags });
}

/** `--format` of a list. */
export function formatFlag(flags: Flags): () => string | undefined {
  const description = "table, table TEMPLATE, json, or a Go template for each line";
  return flags.one("--format <format>", description, nonEmpty("--format"));
}

/** `--debug`, which every command has. */
export function debugFlag(flags: Flags): () => boolean {
  return flags.switch("-D, --debug", "show details of errors");
}

/** `--progress`. */
export function progressFlag(flags: Flags): () => Progress | undefined {
  return flags.one("--progress <mode>", progresses.join(", "), unlessEmpty(parseProgress));
}
