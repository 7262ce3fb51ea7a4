import type { BuildEvent, BuildTotals, Vertex } from "../../builder/event.js";
import { lineOf } from "../../error.js";
import { positionOf, type ReportedEvent, type StepPosition } from "./step-report.js";

/** What was asked for, and when. Without secrets. */
export interface BuildHeader {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The work directory of the process: it is there as long as that lives. */
  readonly work: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string | undefined;
  /** Empty where none was asked for. */
  readonly platforms: readonly string[];
  /** Other flags that were given, by their names. */
  readonly flags: Readonly<Record<string, boolean | string | readonly string[]>>;
}

/** How a build ended. */
export interface BuildEnd {
  readonly status: "canceled" | "completed" | "error";
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly totals: BuildTotals;
  /** How many there are, reached or not. */
  readonly steps: number;
  /** Digests and names of what was made. */
  readonly result?: BuildResult | undefined;
  /** As it was told, with its place in the Dockerfile. */
  readonly error?: string | undefined;
}

/** What a build made. */
export interface BuildResult {
  /** The image's id. */
  readonly config?: string | undefined;
  readonly manifest?: string | undefined;
  readonly names: readonly string[];
}

/** A line of a journal (docs/formats.md): first the header, last the end. `ms` are since the build began. */
export type JournalLine =
  | { readonly build: BuildHeader }
  | { readonly end: BuildEnd }
  | { readonly ms: number; readonly event: JournalEvent };

/** An event as a journal keeps it. */
export type JournalEvent =
  | QuietEvent
  /** The next so many bytes of the log. */
  | {
      readonly type: "output";
      readonly id: number;
      readonly stream: "stderr" | "stdout";
      readonly bytes: number;
    };

/** An event that is no output of a step. */
export type QuietEvent =
  | Exclude<ReportedEvent, { type: "declared" | "progress" | "summary" }>
  | {
      readonly type: "declared";
      readonly vertex: Omit<Vertex, "step">;
      readonly inputs: readonly number[];
      readonly position?: StepPosition | undefined;
    }
  | { readonly type: "warning"; readonly message: string };

/** What a journal keeps of an event; undefined where that is nothing. */
export function keptOf(
  event: Exclude<BuildEvent, { readonly type: "output" }>,
): QuietEvent | undefined {
  switch (event.type) {
    case "declared": {
      const { id, title, step } = event.vertex;
      const position = step && positionOf(step);
      return { type: event.type, vertex: { id, title }, position, inputs: event.inputs };
    }
    case "warning": {
      const { rule, message, at } = event;
      const named = rule === undefined ? message : `${rule}: ${message}`;
      const place = at === undefined ? "" : ` (${at.source.name}:${lineOf(at)})`;
      return { type: event.type, message: `${named}${place}` };
    }
    case "started":
    case "missed":
    case "ended":
    case "traffic":
      return event;
    case "progress":
    case "summary":
      return undefined;
  }
}
