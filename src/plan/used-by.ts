import type { Plan, PlannedStage } from "./plan.js";
import type { Origin } from "./origin.js";
import { readBy, type RunStep } from "./step.js";

type Stages = Pick<Plan, "stages">;

/** The images that a stage starts from and reads, itself or through others: indices into the plan's. */
export function imagesFor(plan: Stages, target: number): readonly number[] {
  const images = new Set<number>();
  for (const stage of stagesFor(plan, target)) {
    for (const origin of originsOf(stage)) if (origin.kind === "image") images.add(origin.image);
  }
  return [...images].sort((a, b) => a - b);
}

/** The named contexts whose files a stage needs. */
export function namedFor(plan: Stages, target: number): readonly string[] {
  const origins = stagesFor(plan, target).flatMap(originsOf);
  return [...new Set(origins.flatMap((one) => (one.kind === "named" ? [one.name] : [])))].sort();
}

/** The RUN steps that a stage needs. */
export function runsFor(plan: Stages, target: number): readonly RunStep[] {
  return stagesFor(plan, target).flatMap(({ steps }) =>
    steps.filter((step) => step.kind === "run"),
  );
}

/** A stage with those that it starts from or reads from, itself or through others. */
export function stagesFor({ stages }: Stages, target: number): readonly PlannedStage[] {
  const needed = new Set([target]);
  for (const index of needed) {
    const stage = stages[index];
    for (const origin of stage === undefined ? [] : originsOf(stage))
      if (origin.kind === "stage") needed.add(origin.stage);
  }
  return stages.filter((_, index) => needed.has(index));
}

function originsOf({ base, steps }: PlannedStage): readonly Origin[] {
  const read = steps.flatMap(readBy);
  return base.kind === "scratch" ? read : [base, ...read];
}
