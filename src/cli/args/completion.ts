import { bashScript } from "../completion/bash.js";
import { shells, type CompletedCommand } from "../completion/commands.js";
import { fishScript } from "../completion/fish.js";
import { zshScript } from "../completion/zsh.js";
import { debugFlag } from "./common-flags.js";
import { Flags } from "./flags.js";
import { oneOperand } from "./operands.js";
import { oneOf } from "./words.js";

/** Reads the words after `tsbuild completion`, and answers the script for that shell. */
export function completionScript(
  argv: readonly string[],
  commands: () => readonly CompletedCommand[],
): string {
  const flags = new Flags({
    name: "completion",
    usage: "SHELL",
    summary: `Prints the script that completes commands, flags and images in a shell: ${shells.join(", ")}.`,
    examples: [
      "source <(tsbuild completion bash)",
      "tsbuild completion fish > ~/.config/fish/completions/tsbuild.fish",
    ],
  });
  debugFlag(flags);
  const shell = oneOf("SHELL", oneOperand("complete", "the shell", flags.parse(argv)), shells);
  const scripts = { bash: bashScript, fish: fishScript, zsh: zshScript };
  return scripts[shell](commands());
}
