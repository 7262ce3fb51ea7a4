import type { ImageConfig } from "../oci/image.js";
import type { Draft } from "./draft.js";
import { finishedConfig, targetConfig } from "./finish-config.js";
import { imageIndex } from "./image-list.js";
import {
  imageKey,
  type Base,
  type ImageRequest,
  type Plan,
  type PlannedImage,
  type PlannedStage,
  type PlanOptions,
} from "./plan.js";
import type { Stage } from "./stage.js";
import type { RunMount } from "./run-mount.js";
import type { Origin, Step } from "./step.js";

interface Parts {
  readonly drafts: readonly Draft[];
  readonly needed: ReadonlySet<Stage>;
  readonly target: Stage;
  /** What `Origin.image` of the drafts counts. */
  readonly requests: readonly ImageRequest[];
  readonly options: PlanOptions;
  readonly images: ReadonlyMap<string, ImageConfig>;
}

/** Leaves out what the target does not need, and numbers stages and images anew. */
export function assemble(parts: Parts): Pick<Plan, "stages" | "target" | "images"> {
  const kept = parts.drafts.filter(({ stage }) => parts.needed.has(stage));
  const numbers = new Map(kept.map(({ stage }, index) => [stage.index, index]));
  const used: ImageRequest[] = [];
  const numbering: Numbering = {
    stage: (index) => numbers.get(index) ?? impossible(),
    image: (request) => imageIndex(used, request),
    requests: parts.requests,
  };
  const stages = kept.map((draft) => plannedStage(draft, numbering, parts));
  const images = used.map((request): PlannedImage => ({
    ...request,
    config: parts.images.get(imageKey(request)) ?? impossible(),
  }));
  return { stages, images, target: numbering.stage(parts.target.index) };
}

interface Numbering {
  readonly stage: (index: number) => number;
  readonly image: (request: ImageRequest) => number;
  readonly requests: readonly ImageRequest[];
}

function impossible(): never {
  throw new Error("a needed stage reads only needed stages and known images");
}

function plannedStage(draft: Draft, numbering: Numbering, parts: Parts): PlannedStage {
  const { stage, steps, history } = draft;
  const isTarget = stage === parts.target;
  return {
    name: stage.name,
    base: plannedBase(stage, numbering),
    platform: stage.platform,
    steps: steps.map((step) => renumbered(step, numbering)),
    config: isTarget ? targetConfig(draft, parts.options) : finishedConfig(draft),
    history,
  };
}

function plannedBase({ base }: Stage, numbering: Numbering): Base {
  switch (base.kind) {
    case "scratch":
    case "directory":
      return { kind: "scratch" };
    case "stage":
      return { kind: "stage", stage: numbering.stage(base.stage.index) };
    case "image":
      return { kind: "image", image: numbering.image(base.request) };
  }
}

function renumbered(step: Step, numbering: Numbering): Step {
  switch (step.kind) {
    case "copy":
      return { ...step, origin: renumberedOrigin(step.origin, numbering) };
    case "run":
      return { ...step, mounts: step.mounts.map((mount) => renumberedMount(mount, numbering)) };
    case "workdir":
      return step;
  }
}

function renumberedMount(mount: RunMount, numbering: Numbering): RunMount {
  if (mount.kind === "bind" && mount.origin !== undefined) {
    return { ...mount, origin: renumberedOrigin(mount.origin, numbering) };
  }
  if (mount.kind === "cache" && mount.seed !== undefined) {
    const origin = renumberedOrigin(mount.seed.origin, numbering);
    return { ...mount, seed: { ...mount.seed, origin } };
  }
  return mount;
}

function renumberedOrigin(origin: Origin, numbering: Numbering): Origin {
  switch (origin.kind) {
    case "context":
    case "named":
      return origin;
    case "stage":
      return { kind: "stage", stage: numbering.stage(origin.stage) };
    case "image":
      return {
        kind: "image",
        image: numbering.image(numbering.requests[origin.image] ?? impossible()),
      };
  }
}
