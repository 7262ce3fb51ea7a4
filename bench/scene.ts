import type { BuildJob } from "./builder.js";
import type { Scene } from "./workload.js";

/** A scene whose timed command is one build; `change` alters the context before each turn. */
export function rebuild(
  job: BuildJob,
  change: (turn: number) => void | Promise<void> = () => undefined,
): Scene {
  return {
    newTurn: async (turn) => {
      await change(turn);
    },
    timed: (builder) => builder.build(job),
  };
}
