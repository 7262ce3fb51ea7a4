import { BuildError } from "../../error.js";
import { parsePlatform } from "../../oci/platform.js";
import { suggest } from "../../suggest.js";
import { badValue } from "./usage-error.js";

/** What `--network` may say. */
export type Network = "default" | "host" | "none";
/** What `--progress` may say. */
export type Progress = "auto" | "none" | "plain" | "quiet" | "rawjson" | "tty";

/** The modes of `--network`. */
export const networks: readonly Network[] = ["default", "host", "none"];
/** The modes of `--progress`. */
export const progresses: readonly Progress[] = ["auto", "none", "plain", "quiet", "rawjson", "tty"];

/** Takes any text but the empty one. */
export function nonEmpty(flag: string): (text: string) => string {
  return (text) => {
    if (text === "") throw badValue(flag, text, "the value is empty");
    return text;
  };
}

/** Takes an empty value for none, as Docker does: scripts have `--file "$FILE"`. */
export function unlessEmpty<T>(parse: (text: string) => T): (text: string) => T | undefined {
  return (text) => (text === "" ? undefined : parse(text));
}

/** Takes one of a few words. */
export function oneOf<T extends string>(flag: string, text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = suggest(text, words);
  const hint = near === undefined ? undefined : `did you mean "${near}"?`;
  throw badValue(flag, text, `want ${words.join(", ")}`, hint);
}

/** Reads `--network`. */
export function parseNetwork(text: string): Network {
  return oneOf("--network", text, networks);
}

/** Reads `--progress`. */
export function parseProgress(text: string): Progress {
  return oneOf("--progress", text, progresses);
}

/** Reads a list of `os/architecture[/variant]`; "local" is the machine's own (F20). */
export function parsePlatforms(flag: string, text: string): readonly string[] {
  const platforms = text.split(",").map((one) => one.trim());
  for (const one of platforms) {
    if (one !== "local") checkPlatform(flag, one);
  }
  return platforms;
}

/** Reads one `os/architecture[/variant]`; "local" is the machine's own, as is leaving it away. */
export function parseOnePlatform(text: string): string | undefined {
  const word = parsePlatformWord(text);
  return word === "local" ? undefined : word;
}

/** Reads one `os/architecture[/variant]`, or "local". */
export function parsePlatformWord(text: string): string {
  if (text !== "local") checkPlatform("--platform", text);
  return text;
}

/** What one word leaves open is the machine's, and nothing that matters here. */
function checkPlatform(flag: string, text: string): void {
  try {
    parsePlatform(text, { os: "linux", architecture: "amd64" });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw badValue(flag, text, "want OS/ARCHITECTURE[/VARIANT]", 'such as "linux/amd64"');
  }
}
