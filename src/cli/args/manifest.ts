import type { ManifestCommand } from "../manifest-command.js";
import { debugFlag, progressFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { registrySettings } from "./foreign-flags.js";
import { HelpRequest } from "./help-request.js";
import { noSuchCommand } from "./imagetools.js";
import { oneOperand, someOperands, twoOperands } from "./operands.js";
import { nonEmpty } from "./words.js";

const help = `Usage: tsbuild manifest COMMAND

Makes a list of images for several platforms here, and pushes it. imagetools create does so in one step.

Commands:
  create     start a list with images in registries
  annotate   set the platform of an image in a list
  inspect    show a list, or what a name in a registry leads to
  push       push a list, and with --purge remove it here
  rm         remove lists
`;

/** Reads the words after `tsbuild manifest`. */
export function parseManifest(argv: readonly string[]): ManifestCommand {
  const [word = "--help", ...rest] = argv;
  if (word === "--help" || word === "-h") throw new HelpRequest(help);
  const parse = parsers.get(word);
  if (parse === undefined) throw noSuchCommand("manifest", word, [...parsers.keys()]);
  return parse(rest);
}

const parsers = new Map<string, (argv: readonly string[]) => ManifestCommand>([
  ["create", parseCreate],
  ["annotate", parseAnnotate],
  ["inspect", parseInspect],
  ["push", parsePush],
  ["rm", parseRemove],
]);

function parseCreate(argv: readonly string[]): ManifestCommand {
  const flags = command(
    "create",
    "[flags] LIST IMAGE…",
    "Starts a list with images in registries.",
  );
  const amend = flags.switch("-a, --amend", "add to an existing list");
  const debug = debugFlag(flags);
  const [list = "", ...images] = someOperands("create a list", "its name", flags.parse(argv));
  someOperands("create a list", "the image", images);
  return { kind: "manifest-create", list, images, amend: amend(), debug: debug() };
}

function parseAnnotate(argv: readonly string[]): ManifestCommand {
  const flags = command(
    "annotate",
    "[flags] LIST IMAGE",
    "Sets the platform of an image in a list.",
  );
  const text = (name: string, what: string) =>
    flags.one(`--${name} <${name}>`, what, nonEmpty(`--${name}`));
  const os = text("os", "operating system");
  const architecture = text("arch", "processor");
  const variant = text("variant", "variant of the processor");
  const version = text("os-version", "version of the operating system");
  const features = flags.many("--os-features <list>", "what it must have", (all) => all.split(","));
  const debug = debugFlag(flags);
  const names = twoOperands("annotate", ["the list", "the image"], flags.parse(argv));
  const [list, image] = names;
  const platform = {
    ...said(os(), (value) => ({ os: value })),
    ...said(architecture(), (value) => ({ architecture: value })),
    ...said(variant(), (value) => ({ variant: value })),
    ...said(version(), (value) => ({ "os.version": value })),
    ...(features().length === 0 ? {} : { "os.features": features().flat() }),
  };
  return { kind: "manifest-annotate", list, image, platform, debug: debug() };
}

/** Only what was given is to be changed. */
function said<T>(value: string | undefined, change: (value: string) => T): T | undefined {
  return value === undefined ? undefined : change(value);
}

function parseInspect(argv: readonly string[]): ManifestCommand {
  const flags = command("inspect", "NAME", "Shows a list, or what a name in a registry leads to.");
  const debug = debugFlag(flags);
  const name = oneOperand("inspect", "the list", flags.parse(argv));
  return { kind: "manifest-inspect", name, debug: debug() };
}

function parsePush(argv: readonly string[]): ManifestCommand {
  const flags = command(
    "push",
    "[flags] LIST",
    "Pushes a list, with the images that are missing there.",
  );
  const purge = flags.switch("-p, --purge", "remove the list here afterwards");
  const progress = progressFlag(flags);
  const debug = debugFlag(flags);
  const list = oneOperand("push", "the list", flags.parse(argv));
  return { kind: "manifest-push", list, purge: purge(), progress: progress(), debug: debug() };
}

function parseRemove(argv: readonly string[]): ManifestCommand {
  const flags = command("rm", "LIST…", "Removes lists that were not pushed.");
  const debug = debugFlag(flags);
  const lists = someOperands("remove", "the list", flags.parse(argv));
  return { kind: "manifest-rm", lists, debug: debug() };
}

function command(name: string, usage: string, summary: string): Flags {
  const foreign = new Map([["--insecure", registrySettings]]);
  return new Flags({ name: `manifest ${name}`, usage, summary, foreign, examples: [] });
}
