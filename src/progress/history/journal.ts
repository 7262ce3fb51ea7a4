import type { BuildTotals, Vertex } from "../../builder/event.js";
import type { ReportedEvent, StepPosition } from "./step-report.js";

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
  | Exclude<ReportedEvent, { type: "declared" | "progress" | "summary" }>
  | {
      readonly type: "declared";
      readonly vertex: Omit<Vertex, "step">;
      readonly inputs: readonly number[];
      readonly position?: StepPosition | undefined;
    }
  /** The next so many bytes of the log. */
  | {
      readonly type: "output";
      readonly id: number;
      readonly stream: "stderr" | "stdout";
      readonly bytes: number;
    }
  | { readonly type: "warning"; readonly message: string };
