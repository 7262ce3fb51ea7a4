import { chooseMode, createRenderer } from "../progress/mode.js";
import { unrefInterval, type Renderer, type RendererOptions } from "../progress/renderer.js";
import { oneOf, progresses, type Progress } from "./args/words.js";
import { displayOf, wantsColor } from "./display.js";
import { given } from "./environment.js";
import type { Io } from "./io.js";

/** The flags that decide what is shown. */
export interface ProgressFlags {
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
}

type World = Pick<Io, "env" | "size" | "terminal"> & Pick<RendererOptions, "out">;

/** The renderer that flags and environment ask for. Throws USAGE for what none of them can mean. */
export function openRenderer(
  { progress, quiet }: ProgressFlags,
  { env, size, terminal, out }: World,
  explain?: RendererOptions["explain"],
): Renderer {
  const requested = quiet ? "quiet" : (progress ?? fromEnvironment(env));
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

/** What a variable asks for: one of the words of `--progress`. */
function fromEnvironment(env: World["env"]): Progress {
  for (const name of ["TSBUILD_PROGRESS", "BUILDKIT_PROGRESS"]) {
    const text = given(env, name);
    if (text !== undefined) return oneOf(name, text, progresses);
  }
  return "auto";
}
