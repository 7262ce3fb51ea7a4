import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRegistry, type RegistryServer } from "../../test/registry/docker-registry.js";
import { runCommand } from "../command.js";
import { writeDockerfile, writeSmallFiles } from "../files.js";
import type { Place, Scene, Transfer, Workload } from "../workload.js";

/** An image of a registry, as far as each keeps it: skopeo does not unpack it. */
export const pullImage: Transfer = {
  kind: "transfer",
  name: "pull-image",
  title: "pull of debian:bookworm, without a build",
  open({ registry }) {
    return Promise.resolve({
      newTurn: () => Promise.resolve(),
      ready: (carrier) => carrier.forget(),
      timed: (carrier) => carrier.pull(`${registry}/debian`),
    });
  },
};

/** An image upon Debian to a registry that has nothing of it: a new one each time, or one would mount what another sent. */
export const pushImage: Transfer = {
  kind: "transfer",
  name: "push-image",
  title: "push of an image upon Debian to an empty registry",
  open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/debian`, "COPY . /app"]);
    writeSmallFiles(context, 1_000, 0);
    let empty: RegistryServer | undefined;
    const tagFor = (name: string): string => `${empty?.host ?? ""}/pushed-by-${name}`;
    const close = async (): Promise<void> => {
      await empty?.[Symbol.asyncDispose]();
    };
    return Promise.resolve({
      newTurn: () => Promise.resolve(),
      ready: async (carrier) => {
        await close();
        empty = await startRegistry();
        const base = `${registry}/debian`;
        await runCommand(carrier.prepare({ context, base, tag: tagFor(carrier.name) }));
      },
      timed: (carrier) => carrier.push(tagFor(carrier.name)),
      close,
    });
  },
};

/** A build that is cached here, with its cache brought to a registry: one layer is new there. */
export const cacheExport: Workload = {
  name: "cache-export",
  title: "cached build of six steps, and its cache to a registry",
  suits: ({ farCache }) => farCache !== undefined,
  open(place) {
    const { job, newTurn, repository } = sixSteps(place);
    const scene: Scene = {
      newTurn,
      ready: async (builder) => {
        await runCommand(builder.build(job));
      },
      timed: (builder) => farCacheOf(builder).fill(job, repository(builder.name)),
    };
    return Promise.resolve(scene);
  },
};

/** The same build on a machine that has nothing, where every step is in that cache. */
export const cacheImport: Workload = {
  name: "cache-import",
  title: "build of six steps on an empty machine, all cached in a registry",
  suits: ({ farCache }) => farCache !== undefined,
  open(place) {
    const { job, newTurn, repository } = sixSteps(place);
    const scene: Scene = {
      newTurn,
      ready: async (builder) => {
        await runCommand(farCacheOf(builder).fill(job, repository(builder.name)));
        await builder.forget();
      },
      timed: (builder) => farCacheOf(builder).use(job, repository(builder.name)),
    };
    return Promise.resolve(scene);
  },
};

function farCacheOf({
  farCache,
  name,
}: Parameters<Scene["timed"]>[0]): NonNullable<typeof farCache> {
  if (farCache === undefined) throw new Error(`${name} has no cache for several machines`);
  return farCache;
}

/** A build upon Debian, one layer of which is new in each turn. */
function sixSteps({ directory, registry }: Place) {
  const context = join(directory, "context");
  writeDockerfile(context, [
    `FROM ${registry}/debian AS build`,
    "WORKDIR /src",
    "COPY files files",
    "RUN cat files/directory-0/* >all.txt",
    "COPY turn .",
    "RUN head -c 20000000 /dev/urandom >data && cat turn >>data",
    `FROM ${registry}/debian`,
    "COPY --from=build /src /app",
  ]);
  writeSmallFiles(join(context, "files"), 1_000, 0);
  return {
    job: { context, tag: "six-steps" },
    repository: (name: string): string => `${registry}/cache-of-${name}`,
    newTurn: (turn: number): Promise<void> => {
      writeFileSync(join(context, "turn"), `turn ${turn}\n`);
      return Promise.resolve();
    },
  };
}
