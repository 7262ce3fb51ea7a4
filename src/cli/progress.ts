import { Board } from "../builder/board.js";
import { chooseMode, createRenderer, type Mode } from "../progress/mode.js";
import { unrefInterval, type Renderer } from "../progress/renderer.js";
import type { Progress } from "./command.js";
import type { Io } from "./io.js";

/** The renderer that flags and environment ask for, drawing on standard error. */
function openProgress(
  { progress, quiet }: { readonly progress: Progress | undefined; readonly quiet: boolean },
  io: Io,
): Renderer {
  const requested = quiet
    ? "quiet"
    : (progress ?? fromEnvironment(io.env["TSBUILD_PROGRESS"] ?? io.env["BUILDKIT_PROGRESS"]));
  return createRenderer(chooseMode(requested, io.terminal.err), {
    out: io.err,
    now: Date.now,
    size: io.size,
    color: io.terminal.err && io.env["NO_COLOR"] === undefined,
    every: unrefInterval,
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
  flags: Parameters<typeof openProgress>[0],
  io: Io,
  work: (board: Board) => Promise<T>,
): Promise<T> {
  const renderer = openProgress(flags, io);
  const board = new Board(renderer.emit);
  try {
    return await work(board);
  } finally {
    board.close();
    renderer.finish();
  }
}
