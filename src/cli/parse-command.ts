import { BuildError } from "../error.js";
import { suggest } from "../suggest.js";
import { parseBuild } from "./args/build.js";
import { parseAnyHistory, parseExplain, parseStepLog } from "./args/builds.js";
import { completionScript } from "./args/completion.js";
import { parseDu, parsePrune } from "./args/disk.js";
import { parseDiff, parseExport, parseImport } from "./args/filesystems.js";
import { HelpRequest } from "./args/help-request.js";
import {
  parseImages,
  parseInspect,
  parseLoad,
  parseRmi,
  parseSave,
  parseTag,
} from "./args/images.js";
import { parseImagetools } from "./args/imagetools.js";
import { parseLogin, parseLogout } from "./args/login.js";
import { parseManifest } from "./args/manifest.js";
import { parsePull, parsePush } from "./args/pull-push.js";
import { parseRun } from "./args/run.js";
import type { Command } from "./command.js";
import { completedCommands, nested } from "./completion/commands.js";
import { overview } from "./overview.js";

type Parser = (argv: readonly string[]) => Command;

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ["build", parseBuild],
  ["completion", parseCompletion],
  ["diff", parseDiff],
  ["du", parseDu],
  ["explain", parseExplain],
  ["export", parseExport],
  ["help", parseHelp],
  ["history", parseAnyHistory],
  ["images", parseImages],
  ["imagetools", parseImagetools],
  ["import", parseImport],
  ["inspect", parseInspect],
  ["load", parseLoad],
  ["log", parseStepLog],
  ["login", parseLogin],
  ["logout", parseLogout],
  ["manifest", parseManifest],
  ["prune", parsePrune],
  ["pull", parsePull],
  ["push", parsePush],
  ["rmi", parseRmi],
  ["run", parseRun],
  ["save", parseSave],
  ["tag", parseTag],
  ["version", parseVersion],
]);

/** Turns the words after `tsbuild` into a command. Throws BuildError USAGE or UNSUPPORTED. */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h") return help(overview);
  if (first === "--version" || first === "-v") return parseVersion(rest);
  const parse = parsers.get(first);
  try {
    if (parse !== undefined) return parse(rest);
    refuseContainers(first);
    refuseForeign(first);
    checkTypingError(first);
    return parseBuild(argv);
  } catch (error) {
    if (error instanceof HelpRequest) return help(error.message);
    throw error;
  }
}

/** Commands of docker about containers, of which there are none. */
const containerCommands = new Set(
  "attach commit container cp create exec kill ps rename restart rm start stop top wait".split(" "),
);

function refuseContainers(first: string): void {
  if (!containerCommands.has(first)) return;
  const does =
    first === "commit"
      ? 'write the changes down: "FROM IMAGE" and "RUN COMMAND" in a Dockerfile make an image of them'
      : '"tsbuild run" keeps no container when its command ends';
  throw new BuildError("UNSUPPORTED", `Cannot run "tsbuild ${first}": there are no containers`, {
    hint: `${does}; a directory is written "./${first}"`,
  });
}

/** How tsbuild says what other builders have a command for. */
const foreignCommands: ReadonlyMap<string, string> = new Map([
  ["bake", "run tsbuild once for each target"],
  ["bud", 'that is "tsbuild build"'],
  ["builder", 'there is one builder: "tsbuild build", "tsbuild prune"'],
  ["buildx", 'without that word, such as "tsbuild build", "tsbuild imagetools", "tsbuild du"'],
  ["image", '"tsbuild images", "tsbuild inspect", "tsbuild rmi", "tsbuild prune"'],
  ["system", '"tsbuild du", "tsbuild prune"'],
]);

function refuseForeign(first: string): void {
  const ours = foreignCommands.get(first);
  if (ours === undefined) return;
  throw new BuildError("USAGE", `Cannot run "tsbuild ${first}": no such command here`, {
    hint: `${ours}; a directory is written "./${first}"`,
  });
}

/** `tsbuild imges` is not a build of a directory; `tsbuild ./imges` is. */
function checkTypingError(first: string): void {
  const near = /^[a-z]+$/.test(first) ? suggest(first, parsers.keys()) : undefined;
  if (near === undefined) return;
  throw new BuildError("USAGE", `Cannot run "tsbuild ${first}": no such command`, {
    hint: `did you mean "tsbuild ${near}"? A directory is written "./${first}"`,
  });
}

function parseCompletion(argv: readonly string[]): Command {
  return help(completionScript(argv, () => completedCommands(parsers)));
}

function parseHelp(argv: readonly string[]): Command {
  const [name, ...words] = argv;
  if (name === undefined || ["help", "version", "--help", "-h"].includes(name)) {
    return help(overview);
  }
  if (parsers.has(name)) {
    const [unexpected] = nested.has(name) ? [] : words;
    if (unexpected === undefined) return parseCommand([name, ...words, "--help"]);
    throw new BuildError("USAGE", `Cannot show help: did not expect "${unexpected}"`);
  }
  const near = suggest(name, parsers.keys());
  throw new BuildError("USAGE", `Cannot show help for "${name}": no such command`, {
    hint: near === undefined ? "see tsbuild --help" : `did you mean "${near}"?`,
  });
}

function parseVersion(argv: readonly string[]): Command {
  const [word] = argv;
  if (word === "--help" || word === "-h") return help(overview);
  if (word === undefined) return { kind: "version" };
  throw new BuildError("USAGE", `Cannot show the version: did not expect "${word}"`);
}

function help(text: string): Command {
  return { kind: "help", text };
}
