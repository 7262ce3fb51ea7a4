import { Board } from "../builder/board.js";
import { chooseMode, createRenderer, type Mode } from "../progress/mode.js";
import { unrefInterval, type Renderer } from "../progress/renderer.js";
import type { Progress } from "./args/words.js";
import { displayOf, wantsColor } from "./display.js";
import type { Io } from "./io.js";

/** The flags that decide what is shown. */
export interface ProgressFlags {
  readonly progress: Progress | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** The renderer that flags and environment ask for, drawing on standard error. */
async function openProgress({ progress, quiet, debug }: ProgressFlags, io: Io): Promise<Renderer> {
  const requested = quiet
    ? "quiet"
    : (progress ?? fromEnvironment(io.env["TSBUILD_PROGRESS"] ?? io.env["BUILDKIT_PROGRESS"]));
  return createRenderer(chooseMode(requested, io.terminal.err), {
    out: io.err,
    now: Date.now,
    size: io.size,
    color: wantsColor(io),
    every: unrefInterval,
    explain: debug ? (await import("./explain-warning.js")).explainWarning : undefined,
    ...displayOf(io.env),
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

/** Does `work` with a board that is drawn as the flags ask, and ends the drawing whatever happens. */
export async function withProgress<T>(
  flags: ProgressFlags,
  io: Io,
  work: (board: Board) => Promise<T>,
): Promise<T> {
  const renderer = await openProgress(flags, io);
  const board = new Board(renderer.emit);
  try {
    return await work(board);
  } finally {
    board.close();
    renderer.finish();
  }
}
