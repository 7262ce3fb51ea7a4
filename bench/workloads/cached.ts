import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { settle, writeDockerfile, writeSmallFiles } from "../files.js";
import { rebuild } from "../scene.js";
import type { Workload } from "../workload.js";

const tenSteps = [
  "WORKDIR /app",
  "COPY package.txt .",
  "RUN mkdir dist",
  "ENV MODE=production",
  "COPY src src",
  "RUN cat src/directory-0/* >dist/app.txt",
  "RUN echo 7 >seven",
  "RUN echo 8 >eight",
  "RUN echo 9 >nine",
  "RUN echo 10 >ten",
];

/** A build of which nothing changed since the last one. */
export const cachedTenSteps: Workload = {
  name: "cached-10-steps",
  title: "cached rebuild of 10 steps",
  async open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/busybox`, ...tenSteps]);
    writeSmallFiles(join(context, "src"), 20, 0);
    writeFileSync(join(context, "package.txt"), "package\n");
    await settle();
    return rebuild({ context, tag: "cached-ten-steps" });
  },
};

/** The same with a large context, whose files must be looked at to know that. */
export const cachedManyFiles: Workload = {
  name: "cached-50k-files",
  title: "cached rebuild, 50,000 files in the context",
  async open({ directory, registry }) {
    const context = join(directory, "context");
    writeDockerfile(context, [`FROM ${registry}/busybox`, "COPY . /app", "RUN echo done >/done"]);
    writeSmallFiles(context, 50_000, 0);
    await settle();
    return rebuild({ context, tag: "cached-many-files" });
  },
};
