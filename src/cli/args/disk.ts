import type { StoreCommand } from "../store-command.js";
import { debugFlag, formatFlag } from "./common-flags.js";
import { filterFlag } from "./filter.js";
import { Flags } from "./flags.js";
import { noOperands } from "./operands.js";
import { parseSpace, type Space } from "./space.js";
import { unsupportedBuildxFlags as unsupported } from "./unsupported.js";

const filters = filterFlag(
  [
    "description",
    "id",
    "immutable",
    "inuse",
    "mutable",
    "parents",
    "private",
    "shared",
    "type",
    "until",
    "unused-for",
  ],
  { comparing: true },
);

/** Reads the words after `tsbuild prune`. */
export function parsePrune(argv: readonly string[]): StoreCommand {
  const flags = new Flags({
    name: "prune",
    usage: "[flags]",
    summary: "Removes images without a name, and cache that no image needs.",
    unsupported,
    examples: [
      "tsbuild prune --plan                          what would go, and why",
      "tsbuild prune --filter until=72h              what was not used for three days",
      "tsbuild prune --max-used-space 20GB           the least recently used, until 20 GB are left",
    ],
  });
  const space = (name: string, description: string): (() => Space | undefined) =>
    flags.one(`${name} <size>`, description, (text) => parseSpace(name, text));
  const all = flags.switch("-a, --all", "also remove images with a name");
  const filter = flags.many(
    "--filter <key=value>",
    `remove only these: ${filters.keys}`,
    filters.parse,
  );
  const force = flags.switch("-f, --force", "do not ask at a terminal");
  const maxUsed = space("--max-used-space", "remove only until the store takes no more");
  const minFree = space("--min-free-space", "remove only until this much of the disk is free");
  const plan = flags.switch("--plan", "show what would be removed and why, and remove nothing");
  const reserved = space("--reserved-space", "leave this much of the cache");
  let kept: Space | undefined;
  flags.hidden("--keep-storage <size>", (text) => (kept = parseSpace("--keep-storage", text)));
  const verbose = flags.switch("--verbose", "show more about what is removed");
  const debug = debugFlag(flags);
  noOperands("prune", flags.parse(argv));
  return {
    kind: "prune",
    all: all(),
    force: force(),
    plan: plan(),
    verbose: verbose(),
    filters: filter(),
    maxUsed: maxUsed(),
    minFree: minFree(),
    reserved: reserved() ?? kept,
    debug: debug(),
  };
}

/** Reads the words after `tsbuild du`. */
export function parseDu(argv: readonly string[]): StoreCommand {
  const summary = "Shows what the store and the cache take on disk, and what for.";
  const examples = ["tsbuild du --filter type=exec.cachemount", "tsbuild du --filter 'id~=^ab'"];
  const flags = new Flags({ name: "du", usage: "[flags]", summary, unsupported, examples });
  const filter = flags.many(
    "--filter <key=value>",
    `show only these: ${filters.keys}`,
    filters.parse,
  );
  const format = formatFlag(flags);
  const verbose = flags.switch("--verbose", "show everything known about each item");
  const debug = debugFlag(flags);
  noOperands("show disk usage", flags.parse(argv));
  return { kind: "du", filters: filter(), format: format(), verbose: verbose(), debug: debug() };
}
