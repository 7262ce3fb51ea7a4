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
import { renumbered, type Numbering } from "./renumber.js";
import { scanWish } from "./scan-wish.js";
import type { Stage } from "./stage.js";

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
    ...scanWish(draft),
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
