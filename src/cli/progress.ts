import { Board } from "../builder/board.js";
import type { Io } from "./io.js";
import { openRenderer, type ProgressFlags } from "./open-renderer.js";

/** Does `work` with a board that is drawn as the flags ask, and ends the drawing whatever happens. */
export async function withProgress<T>(
  flags: ProgressFlags & { readonly debug: boolean },
  io: Io,
  work: (board: Board) => Promise<T>,
): Promise<T> {
  const explain = flags.debug ? (await import("./explain-warning.js")).explainWarning : undefined;
  const { env, err: out, size, terminal } = io;
  const renderer = openRenderer(flags, { env, out, size, terminal }, explain);
  const board = new Board(renderer.emit);
  try {
    return await work(board);
  } finally {
    board.close();
    renderer.finish();
  }
}
