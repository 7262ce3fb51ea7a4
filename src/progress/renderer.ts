import type { Emit } from "../builder/event.js";

/** Draws a build. `emit` never throws; `finish` is called once, whatever became of the build. */
export interface Renderer {
  readonly emit: Emit;
  readonly finish: () => void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What every renderer is given. */
export interface RendererOptions {
  /** Standard error, or something like it. */
  readonly out: { write(text: string): unknown };
  /** Milliseconds since 1970 that never go back. */
  readonly now: () => number;
  /** Asked before each drawing, so that a resize needs no event. */
  readonly size: () => TerminalSize;
  readonly color: boolean;
  /** Calls `tick` again and again; returns what stops it. */
  readonly every: (ms: number, tick: () => void) => () => void;
}

/** A timer that does not keep the program alive. */
export function unrefInterval(ms: number, tick: () => void): () => void {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
