import type { PullCommand, PushCommand } from "../registry-commands.js";
import { command, debugFlag, progressFlag } from "./common-flags.js";
import { oneOperand } from "./operands.js";
import { parseOnePlatform } from "./words.js";

/** Reads the words after `tsbuild pull`. */
export function parsePull(argv: readonly string[]): PullCommand {
  const flags = command("pull", "[flags] NAME[:TAG|@DIGEST]", "Fetches an image from a registry.", [
    "tsbuild pull debian:bookworm",
  ]);
  const all = flags.switch("-a, --all-tags", "every tag of the repository");
  const platform = flags.one("--platform <os/arch>", "platform of the image", parseOnePlatform);
  const progress = progressFlag(flags);
  const quiet = flags.switch("-q, --quiet", "print only the image's name");
  const debug = debugFlag(flags);
  const name = oneOperand("pull", "the image's name", flags.parse(argv));
  return {
    kind: "pull",
    name,
    all: all(),
    platform: platform(),
    progress: progress(),
    quiet: quiet(),
    debug: debug(),
  };
}

/** Reads the words after `tsbuild push`. */
export function parsePush(argv: readonly string[]): PushCommand {
  const flags = command("push", "[flags] NAME[:TAG]", "Sends an image to a registry.", [
    "tsbuild push registry.example.com/web:1.2",
  ]);
  const all = flags.switch("-a, --all-tags", "every tag of the repository in the store");
  const progress = progressFlag(flags);
  const quiet = flags.switch("-q, --quiet", "print only the image's name");
  const debug = debugFlag(flags);
  const name = oneOperand("push", "the image's name", flags.parse(argv));
  return { kind: "push", name, all: all(), progress: progress(), quiet: quiet(), debug: debug() };
}
