import { networks, progresses } from "../args/words.js";
import { HelpRequest, type FlagOutline } from "../args/help-request.js";

/** What may stand behind the flags of a command. */
export type Operands = "commands" | "files" | "images" | "none" | "shells";

/** A command as completion sees it. */
export interface CompletedCommand {
  /** "run", "imagetools create". */
  readonly words: string;
  readonly summary: string;
  readonly flags: readonly FlagOutline[];
  readonly operands: Operands;
}

/** The shells that there are scripts for. */
export const shells = ["bash", "fish", "zsh"] as const;

/** The commands that have commands of their own. */
export const nested: ReadonlyMap<string, readonly string[]> = new Map([
  ["history", ["builds", "inspect", "logs", "rm"]],
  ["imagetools", ["create", "inspect"]],
  ["manifest", ["annotate", "create", "inspect", "push", "rm"]],
]);

type Parsers = ReadonlyMap<string, (argv: readonly string[]) => unknown>;

/** Asks each parser what it takes. */
export function completedCommands(parsers: Parsers): readonly CompletedCommand[] {
  return [...parsers].flatMap(([name, parse]) => [
    described(name, () => parse(["--help"])),
    ...(nested.get(name) ?? []).map((inner) =>
      described(`${name} ${inner}`, () => parse([inner, "--help"])),
    ),
  ]);
}

function described(words: string, parse: () => unknown): CompletedCommand {
  if (words === "help") return { ...plain, words, operands: "commands" };
  try {
    parse();
  } catch (error) {
    if (!(error instanceof HelpRequest)) throw error;
    const { usage = "", summary = "", flags = [] } = error.outline ?? {};
    const [line = ""] = summary.split("\n");
    return { words, summary: line.replace(/\.$/, ""), flags, operands: operandsOf(usage) };
  }
  return { ...plain, words };
}

const plain = { summary: "", flags: [], operands: "none" } as const;

function operandsOf(usage: string): Operands {
  if (/\b(?:CONTEXT|FILE)\b/.test(usage)) return "files";
  if (usage === "SHELL") return "shells";
  return /\b(?:IMAGE|NAME)\b/.test(usage) ? "images" : "none";
}

/** What flags take, where that is a few words. */
export const valuesOf: ReadonlyMap<string, string> = new Map([
  ["--network", networks.join(" ")],
  ["--progress", progresses.join(" ")],
]);

/** Prints the names of images, one a line. */
export const listImages = "images --filter dangling=false --format '{{.Repository}}:{{.Tag}}'";

/** Commands of one word. */
export function topLevel(commands: readonly CompletedCommand[]): readonly string[] {
  return commands.flatMap(({ words }) => (words.includes(" ") ? [] : [words]));
}

/** Second words by the first. */
export function nestedOf(
  commands: readonly CompletedCommand[],
): ReadonlyMap<string, readonly string[]> {
  const nested = new Map<string, string[]>();
  for (const { words } of commands) {
    const [name = "", inner] = words.split(" ");
    if (inner !== undefined) nested.set(name, [...(nested.get(name) ?? []), inner]);
  }
  return nested;
}
