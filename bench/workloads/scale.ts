import { join } from "node:path";
import { settle, writeDockerfile, writeSmallFiles } from "../files.js";
import { rebuild } from "../scene.js";
import type { Workload } from "../workload.js";
import { coldSteps } from "./run.js";

/** The same work in several sizes: what it costs should grow as they do. */
export const scaleWorkloads: readonly Workload[] = [
  ...[1_000, 10_000, 100_000, 300_000].map(copyFiles),
  ...[10, 100, 1_000].map(environment),
  ...[10, 100].map(runs),
];

/** Files that nobody has seen before are copied. */
function copyFiles(count: number): Workload {
  return {
    name: `scale-copy-${count}`,
    title: `COPY of ${count} files of 2 kB`,
    onRequest: true,
    open({ directory, registry }) {
      const context = join(directory, "context");
      writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY . /app"]);
      const scene = rebuild({ context, tag: "scale-copy" }, async (turn) => {
        writeSmallFiles(context, count, turn);
        await settle();
      });
      return Promise.resolve(scene);
    },
  };
}

/** Instructions that make no layer. */
function environment(count: number): Workload {
  return {
    name: `scale-env-${count}`,
    title: `${count} ENV instructions`,
    onRequest: true,
    open({ directory, registry }) {
      const context = join(directory, "context");
      const lines = Array.from({ length: count }, (_, i) => `ENV VARIABLE_${i}=${i}`);
      writeDockerfile(context, [`FROM ${registry}/busybox`, ...lines]);
      return Promise.resolve(rebuild({ context, tag: "scale-env" }));
    },
  };
}

/** Steps that make a layer each. */
function runs(count: number): Workload {
  return {
    name: `scale-runs-${count}`,
    title: `${count} cold RUN steps`,
    onRequest: true,
    open: (place) => Promise.resolve(coldSteps(place, count)),
  };
}
