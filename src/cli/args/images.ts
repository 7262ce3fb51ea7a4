import type { StoreCommand } from "../store-command.js";
import { command, debugFlag, formatFlag } from "./common-flags.js";
import { filterFlag } from "./filter.js";
import { noOperands, oneOperand, optionalOperand, someOperands, twoOperands } from "./operands.js";
import { nonEmpty } from "./words.js";

type Parser<T> = (argv: readonly string[]) => T;

/** Reads the words after `tsbuild images`. */
export const parseImages: Parser<StoreCommand> = (argv) => {
  const flags = command("images", "[flags] [NAME[:TAG]]", "Lists the images of the store.", [
    "tsbuild images 'team/*'                       names may be patterns",
    "tsbuild images -q --filter dangling=true      what no longer has a name",
    "tsbuild images --format '{{.ID}}: {{.Repository}}:{{.Tag}}'",
  ]);
  const all = flags.switch("-a, --all", "also base images for other platforms");
  const digests = flags.switch("--digests", "show the digests of manifests");
  const filters = flags.many(
    "--filter <key=value>",
    `show only these: ${imageFilters.keys}`,
    imageFilters.parse,
  );
  const format = formatFlag(flags);
  const noTrunc = flags.switch("--no-trunc", "print ids in full");
  const quiet = flags.switch("-q, --quiet", "print only the ids");
  const debug = debugFlag(flags);
  const name = optionalOperand("list images", flags.parse(argv));
  return {
    kind: "images",
    name,
    all: all(),
    filters: filters(),
    quiet: quiet(),
    noTrunc: noTrunc(),
    digests: digests(),
    format: format(),
    debug: debug(),
  };
};

const imageFilters = filterFlag(["before", "dangling", "label", "reference", "since"]);

/** Reads the words after `tsbuild inspect`. */
export const parseInspect: Parser<StoreCommand> = (argv) => {
  const flags = command("inspect", "[flags] IMAGE…", "Prints everything about images, as JSON.", [
    "tsbuild inspect -f '{{json .Config.Labels}}' web",
  ]);
  const format = flags.one(
    "-f, --format <template>",
    "json, or a Go template",
    nonEmpty("--format"),
  );
  const debug = debugFlag(flags);
  const names = someOperands("inspect", "the image", flags.parse(argv));
  return { kind: "inspect", names, format: format(), debug: debug() };
};

/** Reads the words after `tsbuild history`. */
export const parseHistory: Parser<StoreCommand> = (argv) => {
  const summary =
    "Shows how an image was made; history builds, logs, inspect and rm are about builds.";
  const flags = command("history", "[flags] IMAGE", summary, [
    "tsbuild history web",
    "tsbuild history builds",
  ]);
  const format = formatFlag(flags);
  const human = flags.switch("-H, --human", "ages and sizes for people (default true)", true);
  const noTrunc = flags.switch("--no-trunc", "print ids and commands in full");
  const quiet = flags.switch("-q, --quiet", "print only the ids");
  const debug = debugFlag(flags);
  const name = oneOperand("show the history", "the image", flags.parse(argv));
  return {
    kind: "history",
    name,
    quiet: quiet(),
    noTrunc: noTrunc(),
    human: human(),
    format: format(),
    debug: debug(),
  };
};

/** Reads the words after `tsbuild tag`. */
export const parseTag: Parser<StoreCommand> = (argv) => {
  const flags = command("tag", "IMAGE NAME[:TAG]", "Gives an image another name.", [
    "tsbuild tag web registry.example.com/web:1.2",
  ]);
  const debug = debugFlag(flags);
  const names = ["the image", "the new name"] as const;
  const [source, destination] = twoOperands("tag", names, flags.parse(argv));
  return { kind: "tag", source, destination, debug: debug() };
};

/** Reads the words after `tsbuild rmi`. */
export const parseRmi: Parser<StoreCommand> = (argv) => {
  const summary = "Removes names, and images that have no name left.";
  const flags = command("rmi", "[flags] IMAGE…", summary, []);
  const force = flags.switch(
    "-f, --force",
    "remove all names of an id; ignore images that do not exist",
  );
  flags.switch("--no-prune", "no effect: images have no parents that would go too");
  const debug = debugFlag(flags);
  const names = someOperands("remove", "the image", flags.parse(argv));
  return { kind: "rmi", names, force: force(), debug: debug() };
};

/** Reads the words after `tsbuild save`. */
export const parseSave: Parser<StoreCommand> = (argv) => {
  const summary = "Writes images into one archive that tsbuild, Docker and others can load.";
  const flags = command("save", "[flags] IMAGE…", summary, [
    "tsbuild save web | docker load",
    "tsbuild save -o web.tar web",
  ]);
  const output = flags.one(
    "-o, --output <path>",
    "write to a file instead of standard output",
    nonEmpty("--output"),
  );
  const debug = debugFlag(flags);
  const names = someOperands("save", "the image", flags.parse(argv));
  return { kind: "save", names, output: output(), debug: debug() };
};

/** Reads the words after `tsbuild load`. */
export const parseLoad: Parser<StoreCommand> = (argv) => {
  const flags = command("load", "[flags]", "Reads images from an archive (Docker or OCI).", [
    "docker save web | tsbuild load",
  ]);
  const input = flags.one(
    "-i, --input <path>",
    "read a file instead of standard input",
    nonEmpty("--input"),
  );
  const quiet = flags.switch("-q, --quiet", "print nothing");
  const debug = debugFlag(flags);
  noOperands("load", flags.parse(argv));
  return { kind: "load", input: input(), quiet: quiet(), debug: debug() };
};
