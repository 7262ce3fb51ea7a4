import type { BuildEvent, BuildTotals, Outcome, VertexStep } from "../../builder/event.js";
import type { HitSource } from "../../cache/hit.js";
import type { MissReason } from "../../cache/reason.js";
import { lineOf } from "../../error.js";

/** What became of a step. Plain JSON. */
export interface StepReport {
  /** The number that plain progress gives it. */
  readonly id: number;
  /** "[build 2/5] RUN make" */
  readonly title: string;
  readonly stage: string;
  /** As the title has it. */
  readonly number: number;
  /** Of the Dockerfile. */
  readonly line: number;
  readonly lastLine: number;
  /** "open": the build was cut short while it ran, or runs. */
  readonly outcome: Outcome["kind"] | "open";
  /** Milliseconds since the build began; undefined of a step that never did. */
  readonly started?: number | undefined;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** Why it was not a hit. */
  readonly reason?: MissReason | undefined;
  /** Where its result is from, where it was one. */
  readonly from?: HitSource | undefined;
  readonly error?: string | undefined;
}

/** Where a step is, in JSON. */
export type StepPosition = Pick<StepReport, "lastLine" | "line" | "number" | "stage">;

/** An event of which a journal, too, knows when it was and where steps are. */
export type ReportedEvent =
  | Exclude<BuildEvent, { type: "declared" | "output" | "warning" }>
  | {
      readonly type: "declared";
      readonly vertex: { readonly id: number; readonly title: string };
      readonly position?: StepPosition | undefined;
    };

/** Where a vertex is, for people and for JSON. */
export function positionOf({ stage, number, at }: VertexStep): StepPosition {
  return { stage, number, line: lineOf(at), lastLine: lineOf({ ...at, start: at.end }) };
}

/** Gathers what becomes of the steps of a build. */
export class StepReports {
  /** By their titles. */
  readonly #steps = new Map<string, StepReport>();
  readonly #titles = new Map<number, string>();
  #written = 0;
  #sent = 0;

  /** `ms`: since the build began. */
  take(event: ReportedEvent, ms: number): void {
    switch (event.type) {
      case "declared":
        this.#declare(event);
        return;
      case "started":
        this.#change(event.id, { started: ms });
        return;
      case "missed":
        this.#change(event.id, { reason: event.reason });
        return;
      case "ended":
        this.#end(event, ms);
        return;
      case "traffic":
        this.#written += event.written;
        this.#sent += event.sent;
        return;
      case "progress":
      case "summary":
        return;
    }
  }

  /** In the order of the Dockerfile. */
  get steps(): readonly StepReport[] {
    return [...this.#steps.values()];
  }

  /** What all of it comes to. */
  totals(ms: number): BuildTotals {
    const { steps } = this;
    const cached = steps.filter(({ outcome }) => outcome === "cached");
    const run = steps.filter(({ outcome }) => outcome === "done" || outcome === "failed").length;
    const savedMs = cached.reduce((sum, { from }) => sum + (from?.took ?? 0), 0);
    const traffic = { written: this.#written, sent: this.#sent };
    return { ms, cached: cached.length, run, savedMs, ...traffic };
  }

  #declare({ vertex, position }: Extract<ReportedEvent, { type: "declared" }>): void {
    if (position === undefined) return;
    const { id, title } = vertex;
    this.#titles.set(id, title);
    this.#steps.delete(title); // a build that lost a layer starts again
    this.#steps.set(title, { id, title, ...position, outcome: "open", ms: 0 });
  }

  #end({ id, outcome }: Extract<ReportedEvent, { type: "ended" }>, now: number): void {
    const started = this.#steps.get(this.#titles.get(id) ?? "")?.started;
    this.#change(id, {
      outcome: outcome.kind,
      ms: started === undefined ? 0 : now - started,
      ...(outcome.kind === "cached" ? { from: outcome.from } : {}),
      ...(outcome.kind === "failed" ? { error: outcome.message } : {}),
    });
  }

  #change(id: number, change: Partial<StepReport>): void {
    const step = this.#steps.get(this.#titles.get(id) ?? "");
    if (step !== undefined) this.#steps.set(step.title, { ...step, ...change });
  }
}
