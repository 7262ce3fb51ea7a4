import { BuildError } from "../../error.js";
import { suggest } from "../../suggest.js";
import type { ImagetoolsCommand } from "../imagetools-command.js";
import { parseAnnotation, type Annotation } from "./annotation.js";
import { debugFlag, progressFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { HelpRequest } from "./help-request.js";
import { oneOperand } from "./operands.js";
import { unsupportedBuildxFlags } from "./unsupported.js";
import { nonEmpty, parsePlatforms } from "./words.js";

const help = `Usage: tsbuild imagetools COMMAND

Works on images where they lie in registries.

Commands:
  create     combine images into one for several platforms, or copy one
  inspect    show what a name leads to
`;

/** Reads the words after `tsbuild imagetools`. */
export function parseImagetools(argv: readonly string[]): ImagetoolsCommand {
  const [word = "--help", ...rest] = argv;
  switch (word) {
    case "create":
      return parseCreate(rest);
    case "inspect":
      return parseInspect(rest);
    case "--help":
    case "-h":
      throw new HelpRequest(help);
    default:
      throw noSuchCommand("imagetools", word, ["create", "inspect"]);
  }
}

/** The error for the first word after a command that has commands of its own. */
export function noSuchCommand(name: string, word: string, known: readonly string[]): BuildError {
  const near = suggest(word, known);
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean "${near}"?`;
  return new BuildError("USAGE", `Cannot run "tsbuild ${name} ${word}": no such command`, { hint });
}

function parseCreate(argv: readonly string[]): ImagetoolsCommand {
  const flags = new Flags({
    name: "imagetools create",
    usage: "[flags] SOURCE…",
    summary:
      "Combines images into one for several platforms, under new names in registries. SOURCE is a name, a digest, the JSON of a descriptor, or oci-layout://PATH[:TAG].",
    unsupported: unsupportedBuildxFlags,
    examples: [
      "tsbuild imagetools create -t example.com/web:1 example.com/web@sha256:… example.com/web@sha256:…",
      "tsbuild imagetools create -t other.example.com/web:1 example.com/web:1",
      "tsbuild imagetools create --append -t example.com/web:1 oci-layout://arm:latest",
    ],
  });
  const tags = flags.many("-t, --tag <name>", "name of the new image", nonEmpty("--tag"));
  const files = flags.many("-f, --file <path>", "read a source from a file", nonEmpty("--file"));
  const append = flags.switch("--append", "add to what the first name leads to");
  const dryRun = flags.switch("--dry-run", "print what would be pushed");
  const preferIndex = flags.switch(
    "--prefer-index",
    "make an index even of a single image (default true)",
    true,
  );
  const platforms = flags.many("-p, --platform <os/arch>", "only these platforms", (text) =>
    parsePlatforms("--platform", text),
  );
  const annotations = flags.many(
    "--annotation <type:key=value>",
    "annotate the index, or a manifest-descriptor[os/arch] in it",
    parseIndexAnnotation,
  );
  const metadataFile = flags.one(
    "--metadata-file <path>",
    "write what was made to a file, as JSON",
    nonEmpty("--metadata-file"),
  );
  const progress = progressFlag(flags);
  const debug = debugFlag(flags);
  const sources = flags.parse(argv);
  if (tags().length === 0 && !dryRun()) {
    throw new BuildError("USAGE", "Cannot create an image: it has no name", {
      hint: "give it one with --tag, or see it with --dry-run",
    });
  }
  return {
    kind: "imagetools-create",
    sources,
    files: files(),
    tags: tags(),
    append: append(),
    dryRun: dryRun(),
    preferIndex: preferIndex(),
    platforms: platforms().flat(),
    annotations: annotations().flat(),
    metadataFile: metadataFile(),
    progress: progress(),
    debug: debug(),
  };
}

/** The manifests are what they are: only what leads to them can be annotated. */
function parseIndexAnnotation(text: string): readonly Annotation[] {
  const annotations = parseAnnotation(text);
  const wrong = annotations.find(
    ({ place }) => place !== "index" && place !== "manifest-descriptor",
  );
  if (wrong === undefined) return annotations;
  const message = `Cannot use --annotation "${text}": annotations of a ${wrong.place} cannot be changed`;
  throw new BuildError("USAGE", message, {
    hint: "index:KEY=VALUE or manifest-descriptor:KEY=VALUE",
  });
}

function parseInspect(argv: readonly string[]): ImagetoolsCommand {
  const flags = new Flags({
    name: "imagetools inspect",
    usage: "[flags] NAME",
    summary: "Shows what a name in a registry, or oci-layout://PATH[:TAG], leads to.",
    unsupported: unsupportedBuildxFlags,
    examples: ["tsbuild imagetools inspect --format '{{json .Manifest}}' alpine"],
  });
  const raw = flags.switch("--raw", "the manifest as it is");
  const format = flags.one(
    "--format <template>",
    "a Go template with .Name, .Manifest, .Image",
    (text) => text,
  );
  const debug = debugFlag(flags);
  const name = oneOperand("inspect", "the image", flags.parse(argv));
  if (raw() && format() !== undefined) {
    throw new BuildError("USAGE", "Cannot inspect: --raw and --format exclude each other");
  }
  return { kind: "imagetools-inspect", name, raw: raw(), format: format(), debug: debug() };
}
