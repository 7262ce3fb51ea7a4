import { BuildError } from "../../error.js";
import type { BuildCommand } from "../build-command.js";
import { declareCache } from "./build-cache.js";
import { declareInput } from "./build-input.js";
import { declareResults } from "./build-results.js";
import { declareSteps } from "./build-steps.js";
import { checkCall, parseCall, type Call } from "./call.js";
import { declareCompatibility } from "./compatibility.js";
import { debugFlag, progressFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { foreignFlags } from "./foreign-flags.js";
import { unsupportedBuildFlags } from "./unsupported.js";
import type { Progress } from "./words.js";

/** Reads the words after `tsbuild build`. */
export function parseBuild(argv: readonly string[]): BuildCommand {
  const flags = new Flags({
    name: "build",
    usage: "[flags] CONTEXT",
    summary:
      "Builds an image from a Dockerfile. CONTEXT is what COPY and ADD see: a directory, a git repository, the URL of an archive, or - for an archive on standard input.",
    unsupported: unsupportedBuildFlags,
    foreign: foreignFlags,
    examples: [
      "tsbuild -t web .                                 build ./Dockerfile, name the image web",
      "tsbuild -f docker/api.Dockerfile -t api:1.2 .    another Dockerfile",
      "tsbuild --target test -o cacheonly .             only run one stage",
      "tsbuild -o type=oci,dest=web.tar .               an OCI archive instead of the image store",
      "tsbuild -t registry.example.com/web --push .     build and push",
    ],
  });
  const input = declareInput(flags);
  const results = declareResults(flags);
  const cache = declareCache(flags);
  const steps = declareSteps(flags);

  flags.group("Ask instead of building");
  const check = flags.switch("--check", "check the Dockerfile, and build nothing");
  const call = flags.one(
    "--call <question>",
    "check, outline, targets or subrequests.describe[,format=json][,ignorestatus]",
    parseCall,
  );
  let print: Call | "build" | undefined; // what --call was before
  flags.hidden("--print <question>", (text) => (print = parseCall(text)));

  flags.group("Display");
  const progress = progressFlag(flags);
  const quiet = flags.switch("-q, --quiet", "print nothing but the image id");
  const debug = debugFlag(flags);

  const warnings = declareCompatibility(flags);

  const context = onlyContext(flags.parse(argv));
  checkQuiet(quiet(), progress());
  return {
    kind: "build",
    context,
    ...input(),
    ...results(),
    ...cache(),
    ...steps(),
    progress: progress(),
    quiet: quiet(),
    call: callOf(call() ?? print, check()),
    debug: debug(),
    warnings: warnings(),
  };
}

function callOf(call: Call | "build" | undefined, check: boolean): Call | undefined {
  if (call === undefined) return check ? checkCall : undefined;
  return call === "build" ? undefined : call;
}

function onlyContext(operands: readonly string[]): string {
  const [context, ...others] = operands;
  if (context === undefined || context === "") {
    const hint = 'give the directory that holds what is copied, such as "tsbuild -t web ."';
    throw new BuildError("USAGE", "Cannot build: the context is missing", { hint });
  }
  if (others.length > 0) {
    const got = operands.map((operand) => `"${operand}"`).join(" and ");
    throw new BuildError("USAGE", `Cannot build: want one context, got ${got}`, {
      hint: "flags and their values must be written before or after it, such as -t NAME",
    });
  }
  return context;
}

function checkQuiet(quiet: boolean, progress: Progress | undefined): void {
  if (!quiet || progress === undefined || progress === "auto" || progress === "quiet") return;
  throw new BuildError("USAGE", `Cannot use --quiet with --progress=${progress}: choose one`);
}
