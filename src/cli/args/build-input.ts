import type { BuildCommand } from "../build-command.js";
import type { Flags } from "./flags.js";
import { parseBuildContext, parseLabel, parseSetting } from "./setting.js";
import { parsePlatforms, unlessEmpty } from "./words.js";

type Input = Pick<
  BuildCommand,
  "buildArgs" | "buildContexts" | "file" | "labels" | "platforms" | "target"
>;

/** Declares the flags that say what to build. */
export function declareInput(flags: Flags): () => Input {
  flags.group("What to build");
  const file = flags.one(
    "-f, --file <path>",
    "Dockerfile: a path, a URL, or - for standard input",
    unlessEmpty((text) => text),
  );
  const target = flags.one(
    "--target <stage>",
    "stage to build",
    unlessEmpty((text) => text),
  );
  const buildArgs = flags.many("--build-arg <name[=value]>", "set an ARG", (text) =>
    parseSetting("--build-arg", text),
  );
  const buildContexts = flags.many(
    "--build-context <name=value>",
    "use a directory, git repository, URL, docker-image://… or oci-layout://… under this name",
    unlessEmpty((text) => parseBuildContext("--build-context", text)),
  );
  const platforms = flags.many(
    "--platform <os/arch>",
    "platforms of the image, or local (comma list, repeatable)",
    (text) => parsePlatforms("--platform", text),
  );
  const labels = flags.many("--label <key=value>", "add a label", (text) =>
    parseLabel("--label", text),
  );
  return () => ({
    file: file(),
    target: target(),
    buildArgs: buildArgs(),
    buildContexts: new Map(buildContexts()),
    platforms: platforms().flat(),
    labels: new Map(labels()),
  });
}
