import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeDockerfile } from "../files.js";
import { rebuild } from "../scene.js";
import type { Place, Scene, Workload } from "../workload.js";

const numbers = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => i + 1);

/** Steps that do next to nothing, so that what is left is the cost of a step. */
export const coldRuns: Workload = {
  name: "cold-20-runs",
  title: "20 cold RUN steps",
  open: (place) => Promise.resolve(coldSteps(place, 20)),
};

/** So many of them, which run again in each turn. */
export function coldSteps({ directory, registry }: Place, count: number): Scene {
  const steps = numbers(count).map((number) => `RUN echo ${number} >/step-${number}`);
  return anew(directory, [`FROM ${registry}/busybox`, "COPY turn /turn", ...steps]);
}

/** Stages that may run at the same time, each with a command that keeps one core busy. */
export const fourStages: Workload = {
  name: "four-stages",
  title: "four CPU-bound stages",
  open({ directory, registry }) {
    const stages = numbers(4).flatMap((number) => [
      `FROM ${registry}/busybox AS stage-${number}`,
      "COPY turn /turn",
      `RUN awk 'BEGIN { for (i = 0; i < 4000000; i++) sum += i; print ${number}, sum }' >/result`,
    ]);
    const last = numbers(4).map(
      (number) => `COPY --from=stage-${number} /result /result-${number}`,
    );
    return Promise.resolve(anew(directory, [...stages, `FROM ${registry}/busybox`, ...last]));
  },
};

/** A build where no step can be cached: the file "turn" is another one in each turn. */
export function anew(directory: string, dockerfile: readonly string[]): Scene {
  const context = join(directory, "context");
  writeDockerfile(context, dockerfile);
  return rebuild({ context, tag: "cold" }, (turn) => {
    writeFileSync(join(context, "turn"), `turn ${turn}\n`);
  });
}
