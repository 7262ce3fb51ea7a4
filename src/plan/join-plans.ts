import { imageIndex } from "./image-list.js";
import { imageKey, type ImageRequest, type Plan, type PlannedStage } from "./plan.js";
import { renumbered, renumberedBase, type Numbering } from "./renumber.js";

/** The plans of one Dockerfile for several platforms, as one. */
export interface JoinedPlan extends Omit<Plan, "target"> {
  /** Of each plan that went in, the index of its target in `stages`. */
  readonly targets: readonly number[];
  /** Of each target, the index of the stage that scans it; none where nothing is scanned. */
  readonly scans: readonly number[];
}

/** Joins plans: stages and images that they have in common are there once (M02). */
export function joinPlans(plans: readonly [Plan, ...Plan[]]): JoinedPlan {
  const [first, ...others] = plans;
  if (others.length === 0) return { ...first, targets: [first.target], scans: [] };
  const known = new Map(plans.flatMap(({ images }) => images.map((one) => [imageKey(one), one])));
  const requests: ImageRequest[] = [];
  const stages: PlannedStage[] = [];
  const byContent = new Map<string, number>();
  const targets = plans.map((plan) => {
    const numbers: number[] = [];
    const numbering: Numbering = {
      stage: (index) => numbers[index] ?? impossible(),
      image: (request) => imageIndex(requests, request),
      requests: plan.images,
    };
    for (const stage of plan.stages) {
      const joined = renumberedStage(stage, numbering);
      const content = contentOf(joined);
      const number = byContent.get(content) ?? stages.push(joined) - 1;
      byContent.set(content, number);
      numbers.push(number);
    }
    return numbering.stage(plan.target);
  });
  const images = requests.map((request) => known.get(imageKey(request)) ?? impossible());
  const violated = [...new Set(plans.flatMap((plan) => plan.violated))];
  const warnings = distinct(plans);
  return { ...first, stages, targets, scans: [], images, violated, warnings };
}

function renumberedStage(stage: PlannedStage, numbering: Numbering): PlannedStage {
  return {
    ...stage,
    base: renumberedBase(stage.base, numbering),
    steps: stage.steps.map((step) => renumbered(step, numbering)),
  };
}

/** What is wrong for several platforms is told once. */
function distinct(plans: readonly Plan[]): Plan["warnings"] {
  const found = plans.flatMap(({ warnings }) => warnings);
  return [...new Map(found.map((warning) => [contentOf(warning), warning])).values()];
}

/** Tells one from another. All are of one file, whose text would be there once for each place in it. */
function contentOf(value: PlannedStage | Plan["warnings"][number]): string {
  return JSON.stringify(value, (key, part: unknown) =>
    key === "source" && typeof part === "object" ? undefined : part,
  );
}

function impossible(): never {
  throw new Error("a plan refers to earlier stages and to its own images");
}
