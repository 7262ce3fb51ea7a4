import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../command.js";
import { writeDockerfile, writeSmallFiles } from "../files.js";
import type { Workload } from "../workload.js";

/** A base image fetched and unpacked, as far as its first RUN needs it. */
export const pullBase: Workload = {
  name: "pull-debian",
  title: "pull and unpack of debian:bookworm",
  open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/debian`, "RUN true"]);
    return Promise.resolve({
      newTurn: () => Promise.resolve(),
      ready: (builder) => builder.forget(),
      timed: (builder) => builder.build({ context, tag: "pulled" }),
    });
  },
};

/** A build in CI: a RUN that writes 80 MB, and the image in a registry. */
export const buildAndPush: Workload = {
  name: "build-and-push",
  title: "a RUN that writes 80 MB, and the push",
  open({ directory, registry }) {
    const context = join(directory, "context");
    const write = "RUN head -c 80000000 /dev/urandom >/data";
    writeDockerfile(context, [`FROM ${registry}/debian`, "COPY turn /", write]);
    return Promise.resolve({
      newTurn: (turn) => {
        writeFileSync(join(context, "turn"), `turn ${turn}\n`);
        return Promise.resolve();
      },
      timed: (builder) =>
        builder.buildAndPush({ context, tag: `${registry}/pushed-by-${builder.name}` }),
    });
  },
};

/** A built image written into an archive, its new layer never compressed before. */
export const exportArchive: Workload = {
  name: "export-gzip",
  title: "export to an archive with gzip",
  open({ directory, registry }) {
    const context = join(directory, "context");
    const job = { context, tag: "exported" };
    writeDockerfile(context, [`FROM ${registry}/debian`, "COPY . /app"]);
    writeSmallFiles(context, 10_000, 0);
    return Promise.resolve({
      newTurn: (turn) => {
        writeFileSync(join(context, "turn"), `turn ${turn}\n`);
        return Promise.resolve();
      },
      ready: async (builder) => {
        await runCommand(builder.build(job));
      },
      timed: (builder) => builder.exportArchive(job, join(directory, `${builder.name}.tar`)),
    });
  },
};
