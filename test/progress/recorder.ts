import type { BuildEvent, Outcome } from "../../src/builder/event.js";
import type { RendererOptions, TerminalSize } from "../../src/progress/renderer.js";

/** Collects what a renderer writes, with a clock and a timer that the test moves. */
export class Recorder {
  text = "";
  size: TerminalSize = { columns: 60, rows: 20 };
  now = Date.UTC(2026, 0, 1);
  readonly options: RendererOptions;
  #tick: () => void = () => undefined;

  constructor(take: (text: string) => void = () => undefined, color = false) {
    this.options = {
      out: {
        write: (text) => {
          this.text += text;
          take(text);
        },
      },
      now: () => this.now,
      size: () => this.size,
      color,
      every: (_ms, tick) => {
        this.#tick = tick;
        return () => (this.#tick = () => undefined);
      },
    };
  }

  /** Lets time pass; the timer fires once at its end. */
  wait(ms: number): void {
    this.now += ms;
    this.#tick();
  }
}

export function declared(id: number, title: string, inputs: readonly number[] = []): BuildEvent {
  return { type: "declared", vertex: { id, title }, inputs };
}

export function started(id: number): BuildEvent {
  return { type: "started", id };
}

export function missed(id: number, text: string): BuildEvent {
  return { type: "missed", id, reason: { kind: "changed", text, changes: [] } };
}

export function output(id: number, text: string): BuildEvent {
  return { type: "output", id, stream: "stdout", chunk: Buffer.from(text) };
}

export function progress(id: number, item: string, current: number, total?: number): BuildEvent {
  return { type: "progress", id, item, current, total };
}

export function ended(id: number, kind: Exclude<Outcome["kind"], "failed">): BuildEvent {
  return { type: "ended", id, outcome: { kind } };
}

export function failed(id: number, message: string): BuildEvent {
  return { type: "ended", id, outcome: { kind: "failed", message } };
}
