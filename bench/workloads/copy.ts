import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../command.js";
import { settle, smallFile, writeDockerfile, writeLargeFile, writeSmallFiles } from "../files.js";
import { rebuild } from "../scene.js";
import type { Workload } from "../workload.js";

/** Files that nobody has seen before are copied. */
export const copyManyFiles: Workload = {
  name: "copy-50k-files",
  title: "COPY of 50,000 files of 2 kB",
  open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY . /app"]);
    const scene = rebuild({ context, tag: "copy-many-files" }, async (turn) => {
      writeSmallFiles(context, 50_000, turn);
      await settle();
    });
    return Promise.resolve(scene);
  },
};

/** One file changed since the last build. */
export const editOneFile: Workload = {
  name: "edit-1-of-50k",
  title: "one file of 50,000 edited",
  async open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY . /app"]);
    writeSmallFiles(context, 50_000, 0);
    await settle();
    return rebuild({ context, tag: "edit-one-file" }, (turn) => {
      writeFileSync(smallFile(context, 25_000), `edited in turn ${turn}\n`);
    });
  },
};

/** A large file; what earlier turns left is removed, because it would fill the disk. */
export const copyLargeFile: Workload = {
  name: "copy-1g",
  title: "COPY of a file of 1 GiB",
  open({ directory, registry }) {
    const [context, first] = [join(directory, "context"), join(directory, "first")];
    writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY large /large"]);
    writeDockerfile(first, [`FROM ${registry}/busybox`, "RUN echo here"]); // fetches the base image
    const scene = rebuild({ context, tag: "copy-large-file" }, async () => {
      await writeLargeFile(join(context, "large"), 2 ** 30);
      await settle();
    });
    return Promise.resolve({
      ...scene,
      ready: async (builder) => {
        await builder.forget();
        await runCommand(builder.build({ context: first, tag: "first" }));
      },
    });
  },
};
