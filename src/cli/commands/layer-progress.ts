import type { Board } from "../../builder/board.js";
import type { PushProgress } from "../../output/push-image.js";

/** Shows a push layer by layer: bytes while they go, then what became of it. */
export function layerProgress(board: Board, vertex: number): PushProgress {
  return ({ digest, size }, state) => {
    const isOnItsWay = typeof state === "object" && "sent" in state;
    const item = isOnItsWay ? digest : `${digest} ${outcome(state)}`;
    board.progress(vertex, item, isOnItsWay ? state.sent : size, size);
    if (state === "uploaded") board.traffic({ sent: size });
  };
}

/** In Docker's words. */
function outcome(state: "present" | "uploaded" | { readonly mountedFrom: string }): string {
  if (typeof state === "object") return `Mounted from ${state.mountedFrom}`;
  return state === "present" ? "Layer already exists" : "Pushed";
}
