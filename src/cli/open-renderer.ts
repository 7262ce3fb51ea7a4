import { chooseMode, createRenderer, type Mode } from "../progress/mode.js";
import { unrefInterval, type Renderer, type RendererOptions } from "../progress/renderer.js";
import type { Progress } from "./args/words.js";
import { displayOf, wantsColor } from "./display.js";
import { given } from "./environment.js";
import type { Io } from "./io.js";

/** The flags that decide what is shown. */
export interface ProgressFlags {
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
}

type World = Pick<Io, "env" | "size" | "terminal"> & Pick<RendererOptions, "out">;

/** The renderer that flags and environment ask for. */
export function openRenderer(
  { progress, quiet }: ProgressFlags,
  { env, size, terminal, out }: World,
  explain?: RendererOptions["explain"],
): Renderer {
  const requested = quiet
    ? "quiet"
    : (progress ?? fromEnvironment(given(env, "TSBUILD_PROGRESS") ?? env["BUILDKIT_PROGRESS"]));
  return createRenderer(chooseMode(requested, terminal.err), {
    out,
    now: Date.now,
    size,
    color: wantsColor({ env, terminal }),
    every: unrefInterval,
    explain,
    ...displayOf(env),
  });
}

const modes: ReadonlySet<string> = new Set<Mode | "auto" | "none">([
  "auto",
  "none",
  "plain",
  "quiet",
  "rawjson",
  "tty",
]);

/** As BuildKit treats BUILDKIT_PROGRESS, a word that means nothing here means "auto". */
function fromEnvironment(text = "auto"): Mode | "auto" | "none" {
  return modes.has(text) ? (text as Mode | "auto" | "none") : "auto";
}
