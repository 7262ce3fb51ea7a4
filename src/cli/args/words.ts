import { suggest } from "../../suggest.js";
import type { Network, Progress } from "../command.js";
import { badValue, unsupported } from "./usage-error.js";

const networks: readonly Network[] = ["default", "host", "none"];
/** The modes of `--progress`. */
export const progresses: readonly Progress[] = ["auto", "none", "plain", "quiet", "rawjson", "tty"];

/** Takes any text but the empty one. */
export function nonEmpty(flag: string): (text: string) => string {
  return (text) => {
    if (text === "") throw badValue(flag, text, "the value is empty");
    return text;
  };
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

/** Reads one `os/architecture[/variant]`; "local" is the machine's own, as is leaving it away. */
export function parsePlatform(text: string): string | undefined {
  if (text === "local") return undefined;
  if (text.includes(",")) {
    const hint = "build for one platform after the other";
    throw unsupported(`--platform "${text}" with several platforms`, hint);
  }
  if (!/^[a-z0-9_]+\/[a-z0-9_]+(\/[a-z0-9_]+)?$/i.test(text)) {
    throw badValue("--platform", text, "want OS/ARCHITECTURE[/VARIANT]", 'such as "linux/amd64"');
  }
  return text.toLowerCase();
}
