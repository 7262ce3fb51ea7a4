import { BuildError } from "../error.js";
import { suggest } from "../suggest.js";
import { parseBuild } from "./args/build.js";
import { HelpRequest } from "./args/flags.js";
import {
  parseDu,
  parseHistory,
  parseImages,
  parseInspect,
  parseLoad,
  parsePrune,
  parsePull,
  parsePush,
  parseRmi,
  parseSave,
  parseTag,
} from "./args/images.js";
import { parseRun } from "./args/run.js";
import type { Command } from "./command.js";
import { overview } from "./overview.js";

const parsers: ReadonlyMap<string, (argv: readonly string[]) => Command> = new Map<
  string,
  (argv: readonly string[]) => Command
>([
  ["build", parseBuild],
  ["du", parseDu],
  ["help", parseHelp],
  ["history", parseHistory],
  ["images", parseImages],
  ["inspect", parseInspect],
  ["load", parseLoad],
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
    checkTypingError(first, rest);
    return parseBuild(argv);
  } catch (error) {
    if (error instanceof HelpRequest) return help(error.message);
    throw error;
  }
}

/** `tsbuild imges` names no directory; `tsbuild ./imges` does. */
function checkTypingError(first: string, rest: readonly string[]): void {
  if (!/^[a-z]+$/.test(first)) return;
  const near = suggest(first, [...parsers.keys()]);
  if (near === undefined && rest.length === 0) return;
  if (near === undefined && rest.some((word) => word.startsWith("-"))) return;
  const hint =
    near === undefined
      ? 'see "tsbuild --help"'
      : `did you mean "tsbuild ${near}"? A directory is written "./${first}"`;
  throw new BuildError("USAGE", `Cannot run "tsbuild ${first}": no such command`, { hint });
}

function parseHelp(argv: readonly string[]): Command {
  const [name] = argv;
  if (name === undefined) return help(overview);
  if (!parsers.has(name) || name === "help" || name === "version") {
    const near = suggest(name, [...parsers.keys()]);
    if (name === "help" || name === "version") return help(overview);
    throw new BuildError("USAGE", `Cannot show help for "${name}": no such command`, {
      hint: near === undefined ? 'see "tsbuild --help"' : `did you mean "${near}"?`,
    });
  }
  return parseCommand([name, "--help"]);
}

function parseVersion(argv: readonly string[]): Command {
  const [word] = argv;
  if (word === "--help") return help(overview);
  if (word === undefined) return { kind: "version" };
  throw new BuildError("USAGE", `Cannot show the version: did not expect "${word}"`);
}

function help(text: string): Command {
  return { kind: "help", text };
}
