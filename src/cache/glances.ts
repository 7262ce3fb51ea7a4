import type { Glanced, GlanceMemory } from "../context/glance.js";
import type { Clock } from "./file-index.js";

/** Bump the number when the meaning of a glance changes: older ones then count for nothing. */
const magic = "tsbglance1";
const wholeFile = /^tsbglance1 (\d+)\n((?:[0-9a-f]{64} [0-9a-f]+ [0-9a-f]{64}\n)*)$/;
/** Queries of one context; the oldest go first. */
const MOST = 200;
const dayMs = 86_400_000;

/**
 * What was selected from a context when it looked as it did (docs/formats.md). Only for a day: what a glance
 * vouches for is not looked up in the file index, which forgets what nobody asks for.
 */
export class SavedGlances implements GlanceMemory {
  readonly #day: string;
  readonly #glances = new Map<string, Glanced>();
  #changed = false;

  /** Takes over what `save` made. Anything torn or unknown counts as empty. */
  constructor(bytes: Uint8Array | undefined, now: Clock = Date.now) {
    this.#day = String(Math.floor(now() / dayMs));
    const [, day, lines = ""] = wholeFile.exec(Buffer.from(bytes ?? []).toString("latin1")) ?? [];
    if (day !== this.#day) return;
    for (const line of lines.split("\n")) {
      const [query, look, selection] = line.split(" ");
      if (query !== undefined && look !== undefined && selection !== undefined)
        this.#glances.set(query, { look, selection });
    }
  }

  get(query: string): Glanced | undefined {
    return this.#glances.get(query);
  }

  set(query: string, glanced: Glanced): void {
    this.#glances.delete(query); // to come last
    this.#glances.set(query, glanced);
    this.#changed = true;
    const [oldest] = this.#glances.keys();
    if (this.#glances.size > MOST && oldest !== undefined) this.#glances.delete(oldest);
  }

  /** What the next build loads; undefined when nothing changed. */
  save(): Uint8Array | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    let text = `${magic} ${this.#day}\n`;
    for (const [query, { look, selection }] of this.#glances)
      text += `${query} ${look} ${selection}\n`;
    return Buffer.from(text);
  }
}
