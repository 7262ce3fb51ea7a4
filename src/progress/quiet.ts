import type { Renderer } from "./renderer.js";

/** Draws nothing. */
export function quiet(): Renderer {
  return { emit: () => undefined, finish: () => undefined };
}
