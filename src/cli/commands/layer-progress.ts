import type { Board } from "../../builder/board.js";
import type { PushProgress } from "../../output/push-image.js";

/** Shows a push layer by layer: bytes while they go, then what became of it. */
export function layerProgress(board: Board, vertex: number): PushProgress {
  return ({ digest, size }, state) => {
    const current = typeof state === "string" ? size : state.sent;
    const item = typeof state === "string" ? `${digest} ${state}` : digest;
    board.progress(vertex, item, current, size);
    if (state === "uploaded") board.traffic({ sent: size });
  };
}
