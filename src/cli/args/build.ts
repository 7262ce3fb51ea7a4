import { BuildError } from "../../error.js";
import type { BuildCommand } from "../build-command.js";
import {
  type Progress,
  nonEmpty,
  parseNetwork,
  parsePlatforms,
  parseProgress,
  progresses,
} from "./words.js";
import { entitlements, parseAllow } from "./allow.js";
import { parseAnnotation } from "./annotation.js";
import { attestationsOf, parseShorthand } from "./attest.js";
import { parseCacheFrom, parseCacheTo } from "./cache.js";
import { checkCall, parseCall, type Call } from "./call.js";
import { declareCompatibility } from "./compatibility.js";
import { finishOutputs } from "./finish-outputs.js";
import { Flags } from "./flags.js";
import { foreignFlags } from "./foreign-flags.js";
import { parseHost } from "./host.js";
import { parseOutput } from "./output.js";
import { declareLimits } from "./resources.js";
import { parseSecret } from "./secret.js";
import { parseBuildContext, parseLabel, parseSetting } from "./setting.js";
import { parseSize } from "./size.js";
import { parseSsh } from "./ssh.js";
import { parseUlimit } from "./ulimit.js";
import { unsupportedBuildFlags } from "./unsupported.js";
import { badValue } from "./usage-error.js";

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
  flags.group("What to build");
  const file = flags.one(
    "-f, --file <path>",
    "Dockerfile: a path, a URL, or - for standard input",
    nonEmpty("--file"),
  );
  const target = flags.one("--target <stage>", "stage to build", (text) => text);
  const buildArgs = flags.many("--build-arg <name[=value]>", "set an ARG", (text) =>
    parseSetting("--build-arg", text),
  );
  const buildContexts = flags.many(
    "--build-context <name=value>",
    "use a directory, git repository, URL, docker-image://… or oci-layout://… under this name",
    (text) => parseBuildContext("--build-context", text),
  );
  const platforms = flags.many(
    "--platform <os/arch>",
    "platforms of the image, or local (comma list, repeatable)",
    (text) => parsePlatforms("--platform", text),
  );
  const labels = flags.many("--label <key=value>", "add a label", (text) =>
    parseLabel("--label", text),
  );

  flags.group("Where the result goes");
  const tags = flags.many("-t, --tag <name>", "name the image (repeatable)", nonEmpty("--tag"));
  const outputs = flags.many("-o, --output <dest>", "DIRECTORY, or type=…,dest=…", parseOutput);
  const push = flags.switch("--push", "push the image when it is built");
  const load = flags.switch("--load", "hand the image to the Docker or Podman that runs here, too");
  const reproducible = flags.switch(
    "--reproducible",
    "the same inputs give the same bytes: every new time is SOURCE_DATE_EPOCH, or 1970",
  );
  const annotations = flags.many(
    "--annotation <[type:]key=value>",
    "write it into the image's manifest",
    parseAnnotation,
  );
  const provenance = flags.many(
    "--provenance <true|mode=max>",
    "write beside the image what it was made of",
    parseShorthand("provenance"),
  );
  const sbom = flags.many(
    "--sbom <true|generator=image>",
    "write beside the image what is in it, as a scanner finds it",
    parseShorthand("sbom"),
  );
  const iidFile = flags.one("--iidfile <path>", "write the image id there", nonEmpty("--iidfile"));
  const metadataFile = flags.one(
    "--metadata-file <path>",
    "write what was built there, as JSON",
    nonEmpty("--metadata-file"),
  );

  flags.group("Cache");
  const noCache = flags.switch("--no-cache", "run every step again");
  const noCacheFilter = flags.many("--no-cache-filter <stages>", "run these stages again", (text) =>
    text.split(","),
  );
  const cacheFrom = flags.many(
    "--cache-from <source>",
    "take steps that other machines ran: NAME in a registry, or type=…",
    parseCacheFrom,
  );
  const cacheTo = flags.many(
    "--cache-to <destination>",
    "give them: NAME, or type=registry|local|inline|s3|gha,…,mode=min|max",
    parseCacheTo,
  );
  const pull = flags.switch("--pull", "ask the registry for newer base images");

  flags.group("RUN steps");
  const network = flags.one("--network <mode>", "default, none or host", parseNetwork);
  const addHosts = flags.many("--add-host <name=ip>", "add a line to /etc/hosts", parseHost);
  const shmSize = flags.one("--shm-size <size>", "size of /dev/shm, such as 64m", (text) =>
    parseSize("--shm-size", text),
  );
  const ulimits = flags.many("--ulimit <type=soft[:hard]>", "set a resource limit", parseUlimit);
  const resources = declareLimits(flags);
  const cgroupParent = flags.one(
    "--cgroup-parent <path>",
    "cgroup below which those of RUN steps are",
    parseCgroup,
  );
  const secrets = flags.many(
    "--secret <id=name,src=file>",
    "a secret for RUN --mount=type=secret; or env=NAME instead of a file",
    parseSecret,
  );
  const ssh = flags.many(
    "--ssh <default|id=socket|id=key>",
    "an agent, or keys, for RUN --mount=type=ssh",
    parseSsh,
  );
  const allow = flags.many(
    "--allow <entitlement>",
    `${entitlements.join(", ")}, or device=NAME[,alias=NAME]`,
    parseAllow,
  );
  const jobs = flags.one("--jobs <n>", "steps that run at once (default: one per core)", parseJobs);

  flags.group("Ask instead of building");
  const check = flags.switch("--check", "tell what is wrong or better done otherwise");
  const call = flags.one(
    "--call <question>",
    "check, outline, targets or subrequests.describe[,format=json][,ignorestatus]",
    parseCall,
  );

  flags.group("Display");
  const progress = flags.one("--progress <mode>", progresses.join(", "), parseProgress);
  const quiet = flags.switch("-q, --quiet", "print nothing but the image id");
  const debug = flags.switch("-D, --debug", "show details of errors");

  const compatibility = declareCompatibility(flags);

  const context = onlyContext(flags.parse(argv));
  checkQuiet(quiet(), progress());
  const allowed = allow().flat();
  return {
    kind: "build",
    context,
    file: file(),
    tags: tags(),
    target: target() === "" ? undefined : target(), // as Docker has it: `--target "$TARGET"`
    buildArgs: buildArgs(),
    buildContexts: new Map(buildContexts()),
    platforms: platforms().flat(),
    labels: new Map(labels()),
    network: network() ?? "default",
    addHosts: addHosts().flat(),
    shmSize: shmSize(),
    ulimits: ulimits(),
    resources: resources(),
    cgroupParent: cgroupParent(),
    secrets: secrets(),
    ssh: ssh(),
    noCache: noCache(),
    noCacheFilter: noCacheFilter().flat(),
    pull: pull(),
    outputs: finishOutputs(outputs(), {
      push: push(),
      load: load(),
      annotations: annotations().flat(),
    }),
    reproducible: reproducible(),
    cacheFrom: cacheFrom().flat(),
    cacheTo: cacheTo().flat(),
    iidFile: iidFile(),
    metadataFile: metadataFile(),
    progress: progress(),
    quiet: quiet(),
    jobs: jobs(),
    allow: new Set(allowed.filter((one) => typeof one === "string")),
    allowDevices: allowed.filter((one) => typeof one !== "string"),
    call: callOf(call(), check()),
    debug: debug(),
    ...attestationsOf([...compatibility.attests, ...provenance(), ...sbom()]),
    warnings: compatibility.warnings,
  };
}

function callOf(call: Call | "build" | undefined, check: boolean): Call | undefined {
  if (call === undefined) return check ? checkCall : undefined;
  return call === "build" ? undefined : call;
}

function parseCgroup(text: string): string {
  if (/^\/?[\w.@:-]+(\/[\w.@:-]+)*$/.test(text) && !text.split("/").includes("..")) return text;
  throw badValue("--cgroup-parent", text, "want a path of a cgroup");
}

function parseJobs(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw badValue("--jobs", text, "want a number above 0");
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
