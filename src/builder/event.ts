import type { HitSource } from "../cache/hit.js";
import type { MissReason } from "../cache/reason.js";
import type { Span } from "../error.js";

/** A unit of visible work: a step, or something around the steps (loading a context, a pull, an export). */
export interface Vertex {
  /** Counted from 1 in the order of declaration. */
  readonly id: number;
  /** "[build 2/5] RUN make", "[internal] load build context", "exporting to image". */
  readonly title: string;
  /** Of what makes a layer. */
  readonly step?: VertexStep;
}

/** Where a step is. */
export interface VertexStep {
  readonly stage: string;
  /** As the title has it: counted from 1, with the FROM of an image. */
  readonly number: number;
  readonly at: Span;
}

/** What a build came to. */
export interface BuildTotals {
  readonly ms: number;
  readonly cached: number;
  readonly run: number;
  /** How long the cached steps took when they were run, as far as that is known. */
  readonly savedMs: number;
  /** Bytes of new layers and archives. */
  readonly written: number;
  /** Bytes of layers that a registry did not have. */
  readonly sent: number;
}

/**
 * All that a build tells. The engine emits, renderers draw; a slow terminal never stalls a build.
 * Each vertex is declared, then either started and ended, or only ended.
 */
export type BuildEvent =
  | { readonly type: "declared"; readonly vertex: Vertex; readonly inputs: readonly number[] }
  | { readonly type: "started"; readonly id: number }
  /** Why a step, which has started, is not a cache hit. */
  | { readonly type: "missed"; readonly id: number; readonly reason: MissReason }
  | {
      readonly type: "output";
      readonly id: number;
      readonly stream: "stdout" | "stderr";
      readonly chunk: Uint8Array;
    }
  /** `current` of `total` (bytes, when known) of a part of the work, such as one layer's download. */
  | {
      readonly type: "progress";
      readonly id: number;
      readonly item: string;
      readonly current: number;
      readonly total: number | undefined;
    }
  | { readonly type: "ended"; readonly id: number; readonly outcome: Outcome }
  | {
      readonly type: "warning";
      readonly rule: string | undefined;
      readonly message: string;
      readonly at: Span | undefined;
    }
  /** Bytes that the build has written for good, or sent elsewhere. */
  | { readonly type: "traffic"; readonly written: number; readonly sent: number }
  /** The last one of a build that succeeded. */
  | { readonly type: "summary"; readonly totals: BuildTotals };

/** How a vertex ended. "skipped": never needed, because the build stopped before it. */
export type Outcome =
  /** `from` is known of steps, and not of what is only looked at, such as a FROM. */
  | { readonly kind: "cached"; readonly from?: HitSource | undefined }
  /** `took`: how long the work of a step took in milliseconds, without what it waited for. */
  | { readonly kind: "done"; readonly took?: number | undefined }
  | { readonly kind: "skipped" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly message: string };

/** Takes events; must return at once and never throw. */
export type Emit = (event: BuildEvent) => void;
