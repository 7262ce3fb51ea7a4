import type { BuildEvent, Outcome } from "../../../src/builder/event.js";

/** What a build told, by the titles of its vertices. */
export class BuildLog {
  readonly events: BuildEvent[] = [];
  readonly #titles = new Map<number, string>();

  readonly emit = (event: BuildEvent): void => {
    this.events.push(event);
    if (event.type === "declared") this.#titles.set(event.vertex.id, event.vertex.title);
  };

  /** How each vertex ended, in the order of declaration. */
  get outcomes(): Readonly<Record<string, Outcome["kind"] | "open">> {
    const outcomes: Record<string, Outcome["kind"] | "open"> = {};
    for (const title of this.#titles.values()) outcomes[title] = "open";
    for (const event of this.events) {
      if (event.type === "ended") outcomes[this.#titleOf(event.id)] = event.outcome.kind;
    }
    return outcomes;
  }

  /** The titles of what was started, in that order. */
  get started(): readonly string[] {
    return this.events.flatMap((event) =>
      event.type === "started" ? [this.#titleOf(event.id)] : [],
    );
  }

  /** Why a vertex was not a hit. */
  reason(title: string): string {
    for (const event of this.events) {
      if (event.type === "missed" && this.#titleOf(event.id) === title) return event.reason.text;
    }
    throw new Error(`"${title}" did not miss`);
  }

  /** What a vertex wrote. */
  output(title: string): string {
    const chunks = this.events.flatMap((event) =>
      event.type === "output" && this.#titleOf(event.id) === title ? [event.chunk] : [],
    );
    return Buffer.concat(chunks).toString("utf8");
  }

  /** The message of a vertex that failed. */
  failure(title: string): string | undefined {
    for (const event of this.events) {
      if (event.type !== "ended" || event.outcome.kind !== "failed") continue;
      if (this.#titleOf(event.id) === title) return event.outcome.message;
    }
    return undefined;
  }

  #titleOf(id: number): string {
    return this.#titles.get(id) ?? `undeclared ${id}`;
  }
}
