import type { BuildEvent, Emit } from "../builder/event.js";

/** Draws a build. `emit` never throws; `finish` is called once, whatever became of the build. */
export interface Renderer {
  readonly emit: Emit;
  readonly finish: () => void;
}

/** A warning of the build. */
export type BuildWarning = Extract<BuildEvent, { type: "warning" }>;

/** In characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What the colours mean. */
export type Style = "cancelled" | "done" | "failed" | "output" | "warning";

/** What every renderer is given. */
export interface RendererOptions {
  /** Standard error, or something like it. */
  readonly out: { write(text: string): unknown };
  /** Milliseconds since 1970 that never go back. */
  readonly now: () => number;
  /** Asked before each drawing, so that a resize needs no event. */
  readonly size: () => TerminalSize;
  readonly color: boolean;
  /** Colours in place of the usual ones, as SGR parameters. */
  readonly codes?: Readonly<Partial<Record<Style, string>>> | undefined;
  /** Lines of output shown below a running step. */
  readonly logLines?: number | undefined;
  /** The least time between two drawings. */
  readonly refreshMs?: number | undefined;
  /** Bytes of one step's output that are shown (U08). */
  readonly logLimit?: number | undefined;
  /** Lines that explain a warning below it. */
  readonly explain?: ((warning: BuildWarning) => readonly string[]) | undefined;
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
