import type { BuildsCommand } from "../builds-command.js";
import type { StoreCommand } from "../store-command.js";
import { BuildError } from "../../error.js";
import type { Flags } from "./flags.js";
import { command, debugFlag, formatFlag, parseHistory } from "./images.js";
import { noOperands, optionalOperand } from "./operands.js";
import { nonEmpty, oneOf, parseProgress } from "./words.js";

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
  const flags = command("history builds", "[flags]", summary, ["tsbuild history builds"]);
  const format = formatFlag(flags);
  const quiet = flags.switch("-q, --quiet", "print only the ids");
  const debug = debugFlag(flags);
  noOperands("list builds", flags.parse(argv));
  return { kind: "builds", format: format(), quiet: quiet(), debug: debug() };
};

const parseLogs: Parser<BuildsCommand> = (argv) => {
  const summary = "Shows once more what a build told, with all that its steps wrote.";
  const flags = command("history logs", "[flags] [BUILD]", summary, ["tsbuild history logs ^1"]);
  const modes = "plain, rawjson, tty (default plain)";
  const progress = flags.one("--progress <mode>", modes, parseProgress);
  const debug = debugFlag(flags);
  const build = optionalOperand("show the logs", flags.parse(argv));
  return { kind: "build-logs", build, progress: progress(), debug: debug() };
};

const parseReport: Parser<BuildsCommand> = (argv) => {
  const summary = "Shows what is kept of a build: flags, steps, results, error.";
  const flags = command("history inspect", "[flags] [BUILD]", summary, [
    "tsbuild history inspect --format json",
  ]);
  const json = jsonFlag(flags);
  const debug = debugFlag(flags);
  const build = optionalOperand("inspect a build", flags.parse(argv));
  return { kind: "build-report", build, json: json(), debug: debug() };
};

const parseRemove: Parser<BuildsCommand> = (argv) => {
  const flags = command("history rm", "[flags] BUILD…", "Forgets builds.", []);
  const all = flags.switch("--all", "every build but those that run");
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
  ["inspect", parseReport],
  ["logs", parseLogs],
  ["ls", parseBuilds], // as buildx has it
  ["rm", parseRemove],
]);

const steps = [
  "STEP is a number as in progress (3, or build 3 of that stage), #7 as plain progress counts,",
  ":12 for a line of the Dockerfile, or words of the step; quote it where it has blanks.",
];

/** Reads the words after `tsbuild log`. */
export const parseStepLog: Parser<BuildsCommand> = (argv) => {
  const summary = ["Prints all that a step wrote in the last build, or in BUILD.", ...steps];
  const flags = command("log", "[BUILD] STEP", summary.join("\n"), [
    'tsbuild log "RUN make"',
    "tsbuild log ^1 :12",
  ]);
  const debug = debugFlag(flags);
  const [first, second, third] = flags.parse(argv);
  if (first === undefined || first === "")
    throw new BuildError("USAGE", "Cannot show a log: the step is missing");
  if (third !== undefined) {
    const hint = 'a step that is named by several words stands in quotes: "RUN make"';
    throw new BuildError("USAGE", `Cannot show a log: did not expect "${third}"`, { hint });
  }
  return second === undefined
    ? { kind: "step-log", build: undefined, step: first, debug: debug() }
    : { kind: "step-log", build: first, step: second, debug: debug() };
};

/** Reads the words after `tsbuild explain`. */
export const parseExplain: Parser<BuildsCommand> = (argv) => {
  const summary = ["Tells of each step of the last build why it ran, or where its result is from."];
  const flags = command("explain", "[flags] [STEP]", [...summary, ...steps].join("\n"), [
    "tsbuild explain",
    'tsbuild explain "build 3" --build ^1',
  ]);
  const build = flags.one("--build <id>", "another build than the last", nonEmpty("--build"));
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
