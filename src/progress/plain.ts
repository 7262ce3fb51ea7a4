import type { BuildEvent, Outcome } from "../builder/event.js";
import { footer } from "./footer.js";
import { formatAmount, formatSeconds } from "./format.js";
import type { Renderer, RendererOptions } from "./renderer.js";
import { type LogLine, type Tracked, Tracker } from "./tracker.js";

/** How long a step keeps the floor while others have something to say. */
const FLOOR_MS = 5000;
/** How often it is looked whether someone else may have it. */
const LOOK_MS = 500;
/** How often an unfinished download says how far it is. */
const ITEM_MS = 5000;

/** One line per event, in the order of steps where that costs no more than a moment. */
export function plain(options: RendererOptions): Renderer {
  const log = new PlainLog(options);
  return {
    emit: (event) => {
      log.take(event);
    },
    finish: () => {
      log.finish();
    },
  };
}

class PlainLog {
  readonly #options: RendererOptions;
  readonly #tracker: Tracker;
  /** Lines of steps that wait for the floor, in the order in which they began to wait. */
  readonly #waiting = new Map<number, string[]>();
  readonly #stop: () => void;
  #floor: number | undefined;
  #since = 0;
  #printedAny = false;
  /** When each item last said something. */
  readonly #items = new Map<string, number>();

  constructor(options: RendererOptions) {
    this.#options = options;
    this.#tracker = new Tracker(options);
    this.#stop = options.every(LOOK_MS, () => {
      this.#passOn();
    });
  }

  take(event: BuildEvent): void {
    const now = this.#options.now();
    switch (event.type) {
      case "declared":
        this.#tracker.declare(event.vertex, event.inputs);
        return;
      case "started": {
        const vertex = this.#tracker.get(event.id);
        vertex.started = now;
        this.#say(vertex, []);
        return;
      }
      case "missed": {
        const vertex = this.#tracker.get(event.id);
        vertex.miss(event.reason.text);
        this.#say(vertex, [`not cached: ${vertex.reason ?? ""}`]);
        return;
      }
      case "output": {
        const vertex = this.#tracker.get(event.id);
        this.#say(vertex, timed(vertex.output(event.stream, event.chunk, now)));
        return;
      }
      case "progress":
        this.#progress(event, now);
        return;
      case "ended": {
        const vertex = this.#tracker.get(event.id);
        const last = timed(vertex.end(event.outcome, now));
        this.#say(vertex, [...last, ending(event.outcome, vertex.ms(now))]);
        return;
      }
      case "warning":
        this.#tracker.warnings.push(event);
        return;
      case "summary":
        this.#tracker.summary = event.totals;
        return;
      case "traffic":
        return;
    }
  }

  finish(): void {
    this.#stop();
    for (const id of this.#waiting.keys()) this.#giveFloor(id);
    for (const line of footer(this.#tracker, this.#options)) this.#print(line);
  }

  #progress(event: Extract<BuildEvent, { type: "progress" }>, now: number): void {
    const key = `${event.id} ${event.item}`;
    const complete = event.total !== undefined && event.current >= event.total;
    const vertex = this.#tracker.get(event.id);
    const first = vertex.items.get(event.item)?.started ?? now;
    const { item: name, current, total } = event;
    vertex.items.set(name, { name, started: first, current, total });
    const last = this.#items.get(key) ?? first;
    if (last === Infinity || (!complete && now - last < ITEM_MS)) {
      if (!this.#items.has(key)) this.#items.set(key, now);
      return;
    }
    this.#items.set(key, complete ? Infinity : now);
    const time = formatSeconds(now - first);
    this.#say(vertex, [
      `${name} ${formatAmount(current, total)} ${time}${complete ? " done" : ""}`,
    ]);
  }

  /** Prints now, or when the step that has the floor ends or had it long enough. */
  #say(vertex: Tracked, lines: readonly string[]): void {
    const waiting = this.#waiting.get(vertex.id);
    if (this.#floor === vertex.id) this.#printLines(vertex.id, lines);
    else if (waiting === undefined) this.#waiting.set(vertex.id, [...lines]);
    else waiting.push(...lines);
    this.#passOn();
  }

  #passOn(): void {
    for (const id of this.#waiting.keys()) {
      if (this.#held()) return;
      this.#giveFloor(id);
    }
  }

  #held(): boolean {
    if (this.#floor === undefined || this.#tracker.get(this.#floor).ended !== undefined)
      return false;
    return this.#options.now() - this.#since < FLOOR_MS;
  }

  #giveFloor(id: number): void {
    const before = this.#floor;
    if (before !== undefined && this.#tracker.get(before).ended === undefined) {
      this.#print(`#${before} ...`);
    }
    if (this.#printedAny) this.#print("");
    this.#print(`#${id} ${this.#tracker.get(id).title}`);
    this.#floor = id;
    this.#since = this.#options.now();
    const lines = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    this.#printLines(id, lines);
  }

  #printLines(id: number, lines: readonly string[]): void {
    for (const line of lines) this.#print(`#${id} ${line}`);
  }

  #print(line: string): void {
    this.#printedAny = true;
    this.#options.out.write(`${line.trimEnd()}\n`);
  }
}

function timed(lines: readonly LogLine[]): readonly string[] {
  return lines.map(({ ms, text }) => `${(ms / 1000).toFixed(3)} ${text}`);
}

function ending(outcome: Outcome, ms: number): string {
  switch (outcome.kind) {
    case "cached":
      return "CACHED";
    case "done":
      return `DONE ${formatSeconds(ms)}`;
    case "skipped":
      return "SKIPPED";
    case "cancelled":
      return "CANCELED";
    case "failed":
      return `ERROR: ${outcome.message.replaceAll("\n", " ")}`;
  }
}
