import type { BuildEvent } from "../builder/event.js";
import { footer } from "./footer.js";
import { formatSeconds } from "./format.js";
import { liveLines } from "./live-lines.js";
import type { Renderer, RendererOptions, Style } from "./renderer.js";
import { Screen, type ScreenLine } from "./screen.js";
import { type Tracked, Tracker } from "./tracker.js";

const REFRESH_MS = 100;
/** Lines of output shown below a running step. */
const LOG_LINES = 6;

/**
 * Draws running steps with clocks at the bottom of a terminal; each ended step becomes a line of
 * the log above, so that what is left in the end reads from top to bottom.
 */
export function tty(options: RendererOptions): Renderer {
  const view = new TtyView(options);
  return {
    emit: (event) => {
      view.take(event);
    },
    finish: () => {
      view.finish();
    },
  };
}

class TtyView {
  readonly #options: RendererOptions;
  readonly #screen: Screen;
  readonly #tracker: Tracker;
  readonly #started: number;
  readonly #refreshMs: number;
  readonly #stop: () => void;
  /** Lines that the next drawing adds to the log. */
  #log: ScreenLine[] = [];
  #drawnAt = -Infinity;

  constructor(options: RendererOptions) {
    this.#options = options;
    this.#tracker = new Tracker(options);
    this.#refreshMs = options.refreshMs ?? REFRESH_MS;
    this.#screen = new Screen(options);
    this.#started = options.now();
    this.#stop = options.every(this.#refreshMs, () => {
      this.#refresh();
    });
  }

  take(event: BuildEvent): void {
    const now = this.#options.now();
    switch (event.type) {
      case "declared":
        this.#tracker.declare(event.vertex, event.inputs);
        break;
      case "started":
        this.#tracker.get(event.id).started = now;
        break;
      case "missed":
        this.#tracker.get(event.id).miss(event.reason.text);
        break;
      case "output":
        this.#tracker.get(event.id).output(event.stream, event.chunk, now);
        break;
      case "progress": {
        const { item: name, current, total } = event;
        const { items } = this.#tracker.get(event.id);
        items.set(name, { name, started: items.get(name)?.started ?? now, current, total });
        break;
      }
      case "ended": {
        const vertex = this.#tracker.get(event.id);
        vertex.end(event.outcome, now);
        this.#log.push(...logLines(vertex, now));
        break;
      }
      case "warning":
        this.#tracker.warnings.push(event);
        break;
      case "summary":
        this.#tracker.summary = event.totals;
        break;
      case "traffic":
        break;
    }
    this.#refresh();
  }

  finish(): void {
    this.#stop();
    const now = this.#options.now();
    const cut = this.#running().map((vertex) => ended("CANCELED", vertex, now, "cancelled"));
    const below = footer(this.#tracker, this.#options).map((text) => ({ text }));
    this.#screen.close([...this.#log, ...cut, ...this.#summary(now), ...below]);
  }

  #summary(now: number): readonly ScreenLine[] {
    const { vertices } = this.#tracker;
    if (vertices.length === 0) return [];
    const whole = vertices.every(
      ({ outcome }) => outcome?.kind === "done" || outcome?.kind === "cached",
    );
    return [{ text: `${this.#header(now)}${whole ? " FINISHED" : ""}` }];
  }

  #running(): readonly Tracked[] {
    return this.#tracker.vertices.filter(
      ({ started, outcome }) => started !== undefined && outcome === undefined,
    );
  }

  #refresh(): void {
    const now = this.#options.now();
    if (now - this.#drawnAt < this.#refreshMs) return;
    this.#drawnAt = now;
    const { size, logLines = LOG_LINES } = this.#options;
    const rows = Math.max(1, size().rows - 2);
    const live = liveLines(this.#running(), now, { rows, logLines });
    this.#screen.draw(this.#log, [{ text: this.#header(now) }, ...live]);
    this.#log = [];
  }

  #header(now: number): string {
    const { vertices } = this.#tracker;
    const ended = vertices.filter(({ outcome }) => outcome !== undefined).length;
    return `[+] Building ${formatSeconds(now - this.#started)} (${ended}/${vertices.length})`;
  }
}

function logLines(vertex: Tracked, now: number): readonly ScreenLine[] {
  const { outcome, reason } = vertex;
  switch (outcome?.kind) {
    case undefined:
      return [];
    case "cached":
      return [ended("CACHED", vertex, now, "done")];
    case "done": {
      const line = ended("", vertex, now, "done");
      return reason === undefined ? [line] : [line, { text: ` => => not cached: ${reason}` }];
    }
    case "skipped":
      return [ended("SKIPPED", vertex, now, "cancelled")];
    case "cancelled":
      return [ended("CANCELED", vertex, now, "cancelled")];
    case "failed":
      return [ended("ERROR", vertex, now, "failed")];
  }
}

function ended(word: string, vertex: Tracked, now: number, style: Style): ScreenLine {
  const text = ` => ${word === "" ? "" : `${word} `}${vertex.title}`;
  return { text, right: formatSeconds(vertex.ms(now)), style };
}
