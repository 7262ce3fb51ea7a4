import type { ManifestCommand } from "../manifest-command.js";
import { Flags } from "./flags.js";
import { HelpRequest } from "./help-request.js";
import { noSuchCommand } from "./imagetools.js";
import { oneOperand, someOperands, twoOperands } from "./operands.js";
import { nonEmpty, parseProgress, progresses } from "./words.js";

const help = `Usage: tsbuild manifest COMMAND

Makes a list of images for several platforms here, and pushes it; imagetools does it in one step.

Commands:
  create     begin a list with images of registries
  annotate   say what an image of a list is for
  inspect    show a list, or what a name in a registry leads to
  push       push a list, and forget it with --purge
  rm         forget lists
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
    "Begins a list with images of registries.",
  );
  const amend = flags.switch("-a, --amend", "add to a list that is there");
  const debug = debugOf(flags);
  const [list = "", ...images] = someOperands("create a list", "its name", flags.parse(argv));
  someOperands("create a list", "the image", images);
  return { kind: "manifest-create", list, images, amend: amend(), debug: debug() };
}

function parseAnnotate(argv: readonly string[]): ManifestCommand {
  const flags = command("annotate", "[flags] LIST IMAGE", "Says what an image of a list is for.");
  const text = (name: string, what: string) =>
    flags.one(`--${name} <${name}>`, what, nonEmpty(`--${name}`));
  const os = text("os", "operating system");
  const architecture = text("arch", "processor");
  const variant = text("variant", "variant of the processor");
  const version = text("os-version", "version of the operating system");
  const features = flags.many("--os-features <list>", "what it must have", (all) => all.split(","));
  const debug = debugOf(flags);
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
  const debug = debugOf(flags);
  const name = oneOperand("inspect", "the list", flags.parse(argv));
  return { kind: "manifest-inspect", name, debug: debug() };
}

function parsePush(argv: readonly string[]): ManifestCommand {
  const flags = command(
    "push",
    "[flags] LIST",
    "Pushes a list, and the images that it lacks there.",
  );
  const purge = flags.switch("-p, --purge", "forget the list then");
  const progress = flags.one("--progress <mode>", progresses.join(", "), parseProgress);
  const debug = debugOf(flags);
  const list = oneOperand("push", "the list", flags.parse(argv));
  return { kind: "manifest-push", list, purge: purge(), progress: progress(), debug: debug() };
}

function parseRemove(argv: readonly string[]): ManifestCommand {
  const flags = command("rm", "LIST…", "Forgets lists that were not pushed.");
  const debug = debugOf(flags);
  const lists = someOperands("remove", "the list", flags.parse(argv));
  return { kind: "manifest-rm", lists, debug: debug() };
}

function command(name: string, usage: string, summary: string): Flags {
  return new Flags({ name: `manifest ${name}`, usage, summary, examples: [] });
}

function debugOf(flags: Flags): () => boolean {
  return flags.switch("-D, --debug", "show details of errors");
}
