import type { Span } from "../error.js";
import type { HistoryEntry, ImageConfig } from "../oci/image.js";
import type { Platform } from "../oci/platform.js";
import type { Dockerfile, Warning } from "../parser/instruction.js";
import type { RuleName } from "../parser/lint-rules.js";
import type { RemoteSource } from "./remote-source.js";
import type { DeviceAliases } from "./run-device.js";
import type { Step } from "./step.js";

/** An image that the Dockerfile names, in FROM or --from. */
export interface ImageRequest {
  /** As written after expansion; normalization is the resolver's. */
  readonly reference: string;
  readonly platform: Platform;
  readonly at: Span;
}

/** What planning must know of an image: its config (environment, ONBUILD, user …). */
export interface PlannedImage extends ImageRequest {
  readonly config: ImageConfig;
}

/** What a stage starts from. */
export type Base =
  | { readonly kind: "scratch" }
  | { readonly kind: "image"; readonly image: number }
  | { readonly kind: "stage"; readonly stage: number };

/**
 * One new line of the history, in order. `step` is the index (in the stage's `steps`) of the step
 * whose layer it describes; undefined marks an `empty_layer`.
 */
export interface PlannedHistory {
  readonly entry: Pick<HistoryEntry, "created_by" | "comment" | "author">;
  readonly step: number | undefined;
}

/** A stage that the target needs. */
export interface PlannedStage {
  /** The name after AS in lower case, else "stage-N" with N counted over the whole file. */
  readonly name: string;
  readonly base: Base;
  readonly platform: Platform;
  readonly steps: readonly Step[];
  /**
   * The finished configuration, of the base's with everything of this stage applied. Its `rootfs`
   * and `history` are the base's: the builder appends what the steps made.
   */
  readonly config: ImageConfig;
  readonly history: readonly PlannedHistory[];
  /** What else is scanned where something is (A02); undefined is nothing. */
  readonly scanned?: ScanWish | undefined;
}

/** BUILDKIT_SBOM_SCAN_CONTEXT and BUILDKIT_SBOM_SCAN_STAGE, as a stage has them. */
export interface ScanWish {
  /** The files of the build context, where the stage is the target. */
  readonly context: boolean;
  /** The stage itself, where it is not. */
  readonly stage: boolean;
}

/** Everything a build does, as data. Stages that the target does not need are absent. */
export interface Plan {
  /** In file order: a stage refers only to earlier ones. */
  readonly stages: readonly PlannedStage[];
  /** Index into `stages`. */
  readonly target: number;
  readonly images: readonly PlannedImage[];
  readonly warnings: readonly Warning[];
  /** The rules that found something, where findings fail the build (`error=true`). */
  readonly violated: readonly RuleName[];
  /** SOURCE_DATE_EPOCH of the command line or of the Dockerfile: in seconds (T01), or whose time it is. */
  readonly epoch: number | EpochSource | undefined;
  /** Names of --build-arg that no ARG consumed. */
  readonly unusedArgs: readonly string[];
}

/** Whose time is meant, where no number says it (T02). */
export type EpochSource =
  | { readonly kind: "context" }
  /** A `--build-context`, as it is written. */
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "remote"; readonly source: RemoteSource };

/** What the user asked for besides the Dockerfile. */
export interface PlanOptions {
  /** `--target`; undefined is the last stage. */
  readonly target: string | undefined;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** `--network`: for RUN lines without one of their own, or with `--network=default`. */
  readonly network: "default" | "none" | "host";
  readonly buildPlatform: Platform;
  /** `--platform`; undefined is the build platform, and keeps the base's own in the config. */
  readonly targetPlatform: Platform | undefined;
  readonly deviceAliases?: DeviceAliases | undefined;
  /** `--build-context` names: replaced where FROM, --from or a stage uses them. */
  readonly namedContexts: ReadonlyMap<string, NamedContext>;
  /** Tells whether .dockerignore hides a path of the build context from COPY and ADD. */
  readonly isIgnored?: ((path: string) => boolean) | undefined;
  /** Also plans the stages that the target does not need, as `--check` wants. */
  readonly whole?: boolean | undefined;
}

/** What a named context is, as far as planning cares. */
export type NamedContext =
  | { readonly kind: "directory" }
  /** The reference that the resolver understands: a name, or "oci-layout://…". */
  | { readonly kind: "image"; readonly reference: string };

/**
 * Either the plan, or the images whose configs are needed before planning can go on (ONBUILD and
 * ENV of a base decide what follows). Ask again with those added; the answer is final when no new
 * image is named.
 */
export type Planning = { readonly kind: "plan"; readonly plan: Plan } | NeedsImages;

/** Images without whose configs there is no answer. */
export interface NeedsImages {
  readonly kind: "needs-images";
  readonly images: readonly ImageRequest[];
}

/** Key of an image in the map given to `plan()`: what makes two requests the same image. */
export function imageKey({
  reference,
  platform,
}: Pick<ImageRequest, "reference" | "platform">): string {
  return `${reference} ${platform.os}/${platform.architecture}/${platform.variant ?? ""}`;
}

/** The requests without those for an image that was there before. */
export function distinctImages(requests: readonly ImageRequest[]): readonly ImageRequest[] {
  return [...new Map(requests.map((request) => [imageKey(request), request])).values()];
}

/** The shape of `plan()` in make-plan.ts: pure, throws BuildError with a span. */
export type MakePlan = (
  dockerfile: Dockerfile,
  options: PlanOptions,
  images: ReadonlyMap<string, ImageConfig>,
) => Planning;
