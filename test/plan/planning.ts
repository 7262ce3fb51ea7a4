import { parseDockerfile } from "../../src/parser/parse-dockerfile.js";
import type { ImageConfig, RuntimeConfig } from "../../src/oci/image.js";
import { parseDigest } from "../../src/oci/digest.js";
import { makePlan } from "../../src/plan/make-plan.js";
import {
  imageKey,
  type ImageRequest,
  type Plan,
  type PlannedStage,
  type Planning,
  type PlanOptions,
} from "../../src/plan/plan.js";
import type { CopyStep, RunStep, Step, WorkdirStep } from "../../src/plan/step.js";

/** What a test says beside the Dockerfile. */
export interface Given extends Partial<PlanOptions> {
  /** Runtime configs, or whole configs, by image name; an image that is not here has an empty one. */
  readonly images?: Readonly<Record<string, RuntimeConfig | ImageConfig>>;
}

const amd64 = { os: "linux", architecture: "amd64" } as const;
const layer = parseDigest(`sha256:${"0".repeat(64)}`);

/** Options with which nothing special happens. */
export function optionsOf({ images: _, ...given }: Given = {}): PlanOptions {
  return {
    target: undefined,
    buildArgs: new Map(),
    labels: new Map(),
    network: "default",
    buildPlatform: amd64,
    targetPlatform: undefined,
    namedContexts: new Map(),
    ...given,
  };
}

/** One round of planning, with no image known beforehand. */
export function firstRound(text: string, given: Given = {}): Planning {
  return makePlan(parse(text, given), optionsOf(given), new Map());
}

/** Plans a Dockerfile to the end, as the builder does: images are handed out as they are asked for. */
export function planOf(text: string, given: Given = {}): Plan {
  return planned(text, given).plan;
}

/** As `planOf`, with the names of the images that were asked for. */
export function planned(text: string, given: Given = {}): { plan: Plan; asked: readonly string[] } {
  const known = new Map<string, ImageConfig>();
  const asked: string[] = [];
  for (;;) {
    const planning = makePlan(parse(text, given), optionsOf(given), known);
    if (planning.kind === "plan") return { plan: planning.plan, asked };
    for (const request of planning.images) {
      asked.push(request.reference);
      known.set(imageKey(request), configOf(request, given));
    }
  }
}

function parse(text: string, { buildArgs }: Given) {
  const check = buildArgs?.get("BUILDKIT_DOCKERFILE_CHECK");
  return parseDockerfile({ name: "Dockerfile", text }, { check });
}

function configOf({ reference, platform }: ImageRequest, { images = {} }: Given): ImageConfig {
  const given = images[reference] ?? {};
  if ("rootfs" in given) return given;
  const { os, architecture } = platform;
  return { os, architecture, config: given, rootfs: { type: "layers", diff_ids: [layer] } };
}

/** The stage that is built for its own sake. */
export function targetOf({ stages, target }: Plan): PlannedStage {
  const stage = stages[target];
  if (stage === undefined) throw new Error("the plan has no target");
  return stage;
}

/** The history of the target's own instructions. */
export function historyOf(plan: Plan): readonly (string | undefined)[] {
  return targetOf(plan).history.map(({ entry }) => entry.created_by);
}

export function stepOf(plan: Plan, kind: "run", index?: number): RunStep;
export function stepOf(plan: Plan, kind: "copy", index?: number): CopyStep;
export function stepOf(plan: Plan, kind: "workdir", index?: number): WorkdirStep;
export function stepOf(plan: Plan, kind: Step["kind"], index = 0): Step {
  const step = targetOf(plan).steps.filter((one) => one.kind === kind)[index];
  if (step === undefined) throw new Error(`the target has no ${kind} step ${index}`);
  return step;
}
