import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Builder, BuildJob } from "../builder.js";
import { runCommand } from "../command.js";
import { settle, smallFile, writeDockerfile, writeSmallFiles } from "../files.js";
import { rebuild } from "../scene.js";
import type { Place, Scene, Workload } from "../workload.js";
import { anew, coldSteps } from "./run.js";

const files = [1_000, 10_000, 100_000, 300_000];

/** The same work in several sizes: what it costs should grow as they do. */
export const scaleWorkloads: readonly Workload[] = [
  ...files.map((count) => sized("copy", count, `COPY of ${count} files of 2 kB`, copyFiles)),
  ...files.map((count) => sized("cached", count, `the same, ${count} unchanged`, cachedFiles)),
  ...files.map((count) => sized("edit", count, `the same, one of ${count} edited`, editFile)),
  ...[10, 100, 1_000].map((count) => sized("env", count, `${count} ENV instructions`, environment)),
  ...[10, 100, 1_000].map((count) => sized("copies", count, `${count} cold COPY steps`, copies)),
  ...[10, 100].map((count) => sized("runs", count, `${count} cold RUN steps`, coldSteps)),
  ...[10, 100].map((count) => sized("stages", count, `${count} stages beside each other`, stages)),
  ...[20, 200].map((count) => sized("chain", count, `${count} stages, each from the last`, chain)),
  ...[1, 10, 100].map((count) =>
    sized("layers", count, `${count} layers pulled, built upon and pushed`, layers),
  ),
  ...[1, 100].map((count) => sized("images", count, `cached beside ${count} images`, images)),
];

type Open = (place: Place, count: number) => Scene | Promise<Scene>;

function sized(kind: string, count: number, title: string, open: Open): Workload {
  return {
    name: `scale-${kind}-${count}`,
    title,
    onRequest: true,
    open: async (place) => await open(place, count),
  };
}

/** Counts up from 0. */
function each<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Files that nobody has seen before are copied. */
function copyFiles({ directory, registry }: Place, count: number): Scene {
  const context = join(directory, "context");
  writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY . /app"]);
  return rebuild({ context, tag: "scale-copy" }, async (turn) => {
    writeSmallFiles(context, count, turn);
    await settle();
  });
}

/** They are written before the first turn, which warms up. */
async function cachedFiles(place: Place, count: number): Promise<Scene> {
  const scene = copyFiles(place, count);
  await scene.newTurn(0);
  return { ...scene, newTurn: () => Promise.resolve() };
}

async function editFile(place: Place, count: number): Promise<Scene> {
  const scene = await cachedFiles(place, count);
  return {
    ...scene,
    newTurn: async (turn) => {
      const file = smallFile(join(place.directory, "context"), count / 2);
      writeFileSync(file, `edited in turn ${turn}\n`);
      await settle();
    },
  };
}

/** Instructions that make no layer. */
function environment({ directory, registry }: Place, count: number): Scene {
  const context = join(directory, "context");
  const lines = each(count, (i) => `ENV VARIABLE_${i}=${i}`);
  writeDockerfile(context, [`FROM ${registry}/busybox`, ...lines]);
  return rebuild({ context, tag: "scale-env" });
}

/** In stages of a hundred: others take no more than 127 layers. */
function copies(place: Place, count: number): Scene {
  const stages = each(Math.ceil(count / 100), (stage) => [
    `FROM ${place.registry}/busybox AS stage-${stage}`,
    ...each(Math.min(count, 100), (i) => `COPY turn /turns/${stage * 100 + i}`),
  ]);
  const last = stages.map((_, stage) => `COPY --from=stage-${stage} /turns /all`);
  return anew(place.directory, [...stages.flat(), `FROM ${place.registry}/busybox`, ...last]);
}

function stages(place: Place, count: number): Scene {
  const made = each(count, (i) => [
    `FROM ${place.registry}/busybox AS stage-${i}`,
    "COPY turn /turn",
    `RUN echo ${i} >/result-${i}`,
  ]);
  const last = each(count, (i) => `COPY --from=stage-${i} /result-${i} /`);
  return anew(place.directory, [...made.flat(), `FROM ${place.registry}/busybox`, ...last]);
}

function chain(place: Place, count: number): Scene {
  const linked = each(count, (i) => [
    `FROM ${place.registry}/busybox AS stage-${i + 1}`,
    `COPY --from=stage-${i} /turn /turn`,
  ]);
  const first = [`FROM ${place.registry}/busybox AS stage-0`, "COPY turn /turn"];
  return anew(place.directory, [...first, ...linked.flat()]);
}

/** Each builder pulls the layers that it has pushed itself before the first turn. */
function layers(place: Place, count: number): Scene {
  const { directory, registry } = place;
  const base = join(directory, "base");
  const steps = each(count - 1, (i) => `COPY Dockerfile /layer-${i}`);
  writeDockerfile(base, [`FROM ${registry}/busybox`, ...steps]);
  const pushed = new Set<string>();
  const upon = (builder: Builder): BuildJob => ({
    context: join(directory, builder.name),
    tag: `${registry}/upon-${count}-by-${builder.name}`,
  });
  return {
    newTurn: () => Promise.resolve(),
    ready: async (builder) => {
      const tag = `${registry}/layers-${count}-by-${builder.name}`;
      if (!pushed.has(tag)) await runCommand(builder.buildAndPush({ context: base, tag }));
      pushed.add(tag);
      await builder.forget();
      writeDockerfile(upon(builder).context, [`FROM ${tag}`, "RUN date >/date"]);
    },
    timed: (builder) => builder.buildAndPush(upon(builder)),
  };
}

/** What the store holds already must not count. */
function images({ directory, registry }: Place, count: number): Scene {
  const contexts = each(count, (i) => {
    const context = join(directory, `context-${i}`);
    writeDockerfile(context, [
      `FROM ${registry}/busybox`,
      ...each(10, (step) => `COPY Dockerfile /image-${i}-${step}`),
    ]);
    return { context, tag: `scale-images-${i}` };
  });
  const built = new Set<string>();
  const [first = { context: directory, tag: "" }] = contexts;
  return {
    ...rebuild(first),
    ready: async (builder) => {
      if (built.has(builder.name)) return;
      for (const job of contexts) await runCommand(builder.build(job));
      built.add(builder.name);
    },
  };
}
