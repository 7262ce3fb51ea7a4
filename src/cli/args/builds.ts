import { BuildError } from "../../error.js";
import type { BuildsCommand } from "../builds-command.js";
import type { StoreCommand } from "../store-command.js";
import { buildFilterHelp, parseBuildFilter } from "./build-filter.js";
import { buildxCommand, command, debugFlag, formatFlag } from "./common-flags.js";
import type { Flags } from "./flags.js";
import { parseHistory } from "./images.js";
import { noOperands, optionalOperand } from "./operands.js";
import { nonEmpty, oneOf, parsePlatformWord, parseProgress } from "./words.js";

type Parser<T> = (argv: readonly string[]) => T;

/**
 * Reads the words after `tsbuild history`. A word about builds directly behind it is one; an image of
 * such a name is written with its tag, or behind a flag.
 */
export function parseAnyHistory(argv: readonly string[]): BuildsCommand | StoreCommand {
  const [first = "", ...rest] = argv;
  const parse = aboutBuilds.get(first);
  return parse === undefined ? parseHistory(argv) : parse(rest);
}

const parseBuilds: Parser<BuildsCommand> = (argv) => {
  const summary = "Lists the builds that are kept, the latest first.";
  const flags = buildxCommand("history builds", "[flags]", summary, [
    "tsbuild history builds --filter status=error --filter 'startedAt>24h'",
  ]);
  const filters = flags.many("--filter <condition>", buildFilterHelp, parseBuildFilter);
  const format = formatFlag(flags);
  const local = flags.switch(
    "--local",
    "only those of the git repository that this directory is in",
  );
  const noTrunc = flags.switch("--no-trunc", "show contexts in full");
  const quiet = flags.switch("-q, --quiet", "print only the ids");
  const debug = debugFlag(flags);
  noOperands("list builds", flags.parse(argv));
  return {
    kind: "builds",
    filters: filters(),
    local: local(),
    format: format(),
    noTrunc: noTrunc(),
    quiet: quiet(),
    debug: debug(),
  };
};

const parseLogs: Parser<BuildsCommand> = (argv) => {
  const summary = "Shows the log of a build again, with everything that its steps wrote.";
  const flags = buildxCommand("history logs", "[flags] [BUILD]", summary, [
    "tsbuild history logs ^1",
  ]);
  const modes = "plain, rawjson, tty (default plain)";
  const progress = flags.one("--progress <mode>", modes, parseProgress);
  const debug = debugFlag(flags);
  const build = optionalOperand("show the logs", flags.parse(argv));
  return { kind: "build-logs", build, progress: progress(), debug: debug() };
};

const parseReport: Parser<BuildsCommand> = (argv) => {
  if (argv[0] === "attachment") return parseAttachment(argv.slice(1));
  const summary =
    "Shows what is kept of a build: flags, steps, results, error. For attachments, see history inspect attachment.";
  const flags = buildxCommand("history inspect", "[flags] [BUILD]", summary, [
    "tsbuild history inspect --format json",
  ]);
  const json = jsonFlag(flags);
  const debug = debugFlag(flags);
  const build = optionalOperand("inspect a build", flags.parse(argv));
  return { kind: "build-report", build, json: json(), debug: debug() };
};

const parseAttachment: Parser<BuildsCommand> = (argv) => {
  const summary = "Prints what a build put beside its image, or the image's own documents.";
  const flags = buildxCommand("history inspect attachment", "[flags] [BUILD [DIGEST]]", summary, [
    "tsbuild history inspect attachment --type sbom",
  ]);
  const type = flags.one(
    "--type <type>",
    "provenance, sbom, or a type as inspect shows it",
    nonEmpty("--type"),
  );
  const platform = flags.one(
    "--platform <os/arch>",
    "of the image that it is about",
    parsePlatformWord,
  );
  const debug = debugFlag(flags);
  const [build, digest, other] = flags.parse(argv);
  if (other !== undefined) {
    throw new BuildError("USAGE", `Cannot show an attachment: did not expect "${other}"`);
  }
  if (digest === undefined && type() === undefined && platform() === undefined) {
    throw new BuildError("USAGE", "Cannot show an attachment: which one is not said", {
      hint: "give --type, --platform or a digest; tsbuild history inspect lists them",
    });
  }
  return {
    kind: "build-attachment",
    build,
    digest,
    type: type(),
    platform: platform(),
    debug: debug(),
  };
};

/** What buildx does with Docker Desktop, or with bundles for that. */
function forDesktop(word: string): Parser<never> {
  return () => {
    const message = `Cannot use tsbuild history ${word}: it is for Docker Desktop`;
    throw new BuildError("UNSUPPORTED", message, {
      hint: `history inspect, history logs and explain tell of a build; an image of that name is written ${word}:latest`,
    });
  };
}

const parseRemove: Parser<BuildsCommand> = (argv) => {
  const flags = buildxCommand(
    "history rm",
    "[flags] BUILD…",
    "Removes builds from the history.",
    [],
  );
  const all = flags.switch("--all", "every build that is not running");
  const debug = debugFlag(flags);
  const builds = flags.parse(argv);
  if (all() === builds.length > 0) {
    const why = all() ? "--all means every build already" : "the build is missing";
    throw new BuildError("USAGE", `Cannot remove builds: ${why}`);
  }
  return { kind: "remove-builds", builds, all: all(), debug: debug() };
};

const aboutBuilds: ReadonlyMap<string, Parser<BuildsCommand>> = new Map([
  ["builds", parseBuilds],
  ["export", forDesktop("export")],
  ["import", forDesktop("import")],
  ["inspect", parseReport],
  ["logs", parseLogs],
  ["ls", parseBuilds], // as buildx has it
  ["open", forDesktop("open")],
  ["rm", parseRemove],
  ["trace", forDesktop("trace")],
]);

const steps = [
  "STEP is a number as in progress (3, or build 3 of that stage), #7 as plain progress counts,",
  ":12 for a line of the Dockerfile, or words of the step; quote it where it has blanks.",
];

/** Reads the words after `tsbuild log`. */
export const parseStepLog: Parser<BuildsCommand> = (argv) => {
  const summary = ["Prints everything that a step wrote in the last build, or in BUILD.", ...steps];
  const flags = command("log", "[BUILD] STEP", summary.join("\n"), [
    'tsbuild log "RUN make"',
    "tsbuild log ^1 :12",
  ]);
  const debug = debugFlag(flags);
  const [first, second, third] = flags.parse(argv);
  if (first === undefined || first === "")
    throw new BuildError("USAGE", "Cannot show a log: the step is missing");
  if (third !== undefined) {
    const hint = 'put a step named by several words in quotes: "RUN make"';
    throw new BuildError("USAGE", `Cannot show a log: did not expect "${third}"`, { hint });
  }
  return second === undefined
    ? { kind: "step-log", build: undefined, step: first, debug: debug() }
    : { kind: "step-log", build: first, step: second, debug: debug() };
};

/** Reads the words after `tsbuild explain`. */
export const parseExplain: Parser<BuildsCommand> = (argv) => {
  const summary = ["Says why each step of the last build ran, or where its result is from."];
  const flags = command("explain", "[flags] [STEP]", [...summary, ...steps].join("\n"), [
    "tsbuild explain",
    'tsbuild explain "build 3" --build ^1',
  ]);
  const build = flags.one("--build <id>", "a build other than the last", nonEmpty("--build"));
  const json = jsonFlag(flags);
  const debug = debugFlag(flags);
  const step = optionalOperand("explain", flags.parse(argv));
  return { kind: "explain", build: build(), step, json: json(), debug: debug() };
};

function jsonFlag(flags: Flags): () => boolean {
  const parse = (text: string): string => oneOf("--format", text, ["text", "json"]);
  const format = flags.one("--format <format>", "text, json", parse);
  return () => format() === "json";
}
