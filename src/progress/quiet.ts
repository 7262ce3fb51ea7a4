import { failures } from "./footer.js";
import type { Renderer, RendererOptions } from "./renderer.js";
import { Tracker } from "./tracker.js";

/** Draws nothing of a build that succeeds; of one that fails, what the failed steps said last. */
export function quiet({ out, now }: Pick<RendererOptions, "now" | "out">): Renderer {
  const tracker = new Tracker();
  return {
    emit: (event) => {
      switch (event.type) {
        case "declared":
          tracker.declare(event.vertex, event.inputs);
          return;
        case "started":
          tracker.get(event.id).started = now();
          return;
        case "output":
          tracker.get(event.id).output(event.stream, event.chunk, now());
          return;
        case "ended":
          tracker.get(event.id).end(event.outcome, now());
          return;
        case "missed":
        case "progress":
        case "summary":
        case "traffic":
        case "warning":
          return;
      }
    },
    finish: () => {
      for (const line of failures(tracker)) out.write(`${line}\n`);
    },
  };
}
