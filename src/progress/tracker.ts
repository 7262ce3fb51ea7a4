import type { BuildTotals, Outcome, Vertex } from "../builder/event.js";
import { formatBytes } from "./format.js";
import { OutputLines } from "./output-lines.js";
import type { BuildWarning, RendererOptions } from "./renderer.js";
import { printable } from "./terminal-text.js";

/** Bytes of one step's output that are usually shown (U08). */
const LOG_LIMIT = 2 * 1024 * 1024;
/** Lines of a failed step that are repeated at the end. */
const TAIL = 20;

/** A line of a step's output, with its time since the step began. */
export interface LogLine {
  readonly ms: number;
  readonly text: string;
}

/** A part of a vertex's work, such as one layer's download. */
export interface Item {
  readonly name: string;
  readonly started: number;
  readonly current: number;
  readonly total: number | undefined;
}

/** What is known of a vertex so far. */
export class Tracked {
  readonly id: number;
  readonly title: string;
  readonly inputs: readonly number[];
  readonly items = new Map<string, Item>();
  readonly tail: LogLine[] = [];
  started: number | undefined;
  ended: number | undefined;
  outcome: Outcome | undefined;
  readonly #streams = { stdout: new OutputLines(), stderr: new OutputLines() };
  readonly #limit: number;
  #bytes = 0;
  #reason: string | undefined;

  constructor(vertex: Vertex, inputs: readonly number[], limit: number) {
    this.#limit = limit;
    this.id = vertex.id;
    this.title = oneLine(vertex.title);
    this.inputs = inputs;
  }

  /** Why it is not a cache hit; it may name files of the user's. */
  get reason(): string | undefined {
    return this.#reason;
  }

  miss(reason: string): void {
    this.#reason = oneLine(reason);
  }

  /** How long it has run at `now`, or ran. */
  ms(now: number): number {
    return this.started === undefined ? 0 : (this.ended ?? now) - this.started;
  }

  /** The line that has begun on either stream. */
  get pending(): string {
    return this.#streams.stdout.pending || this.#streams.stderr.pending;
  }

  /** Takes output and returns the lines to show: none once the limit is reached. */
  output(stream: "stdout" | "stderr", chunk: Uint8Array, now: number): readonly LogLine[] {
    const before = this.#bytes;
    this.#bytes += chunk.byteLength;
    const lines = this.#remember(this.#streams[stream].push(chunk), now);
    if (before > this.#limit) return [];
    if (this.#bytes <= this.#limit) return lines;
    const text = `[output clipped: ${formatBytes(this.#limit)} are shown of each step]`;
    return [...lines, { ms: this.ms(now), text }];
  }

  /** Takes the end and returns the lines that had no newline. */
  end(outcome: Outcome, now: number): readonly LogLine[] {
    this.outcome = outcome;
    this.ended = now;
    const texts = [...this.#streams.stdout.end(), ...this.#streams.stderr.end()];
    const lines = this.#remember(texts, now);
    return this.#bytes > this.#limit ? [] : lines;
  }

  #remember(texts: readonly string[], now: number): readonly LogLine[] {
    const lines = texts.map((text) => ({ ms: this.ms(now), text }));
    this.tail.push(...lines.slice(-TAIL));
    this.tail.splice(0, this.tail.length - TAIL);
    return lines;
  }
}

function oneLine(text: string): string {
  return printable(text.replaceAll("\n", " "));
}

/** Keeps the state of a build, for renderers. */
export class Tracker {
  readonly #vertices = new Map<number, Tracked>();
  readonly warnings: BuildWarning[] = [];
  summary: BuildTotals | undefined;
  readonly #limit: number;

  constructor({ logLimit = LOG_LIMIT }: Pick<RendererOptions, "logLimit"> = {}) {
    this.#limit = logLimit;
  }

  /** Every vertex, in the order of declaration. */
  get vertices(): readonly Tracked[] {
    return [...this.#vertices.values()];
  }

  declare(vertex: Vertex, inputs: readonly number[]): void {
    this.#vertices.set(vertex.id, new Tracked(vertex, inputs, this.#limit));
  }

  get(id: number): Tracked {
    const found = this.#vertices.get(id);
    if (found === undefined) throw new Error(`event for vertex ${id}, which was not declared`);
    return found;
  }
}
