"use strict";
// node scripts/compile.cjs: runs small builds from dist/, and keeps what V8 compiled on the way beside each
// script. V8 refuses a cache of another version, so it can only be out of date, not wrong.
const { spawnSync } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join, resolve } = require("node:path");
const { Script } = require("node:vm");

// The first stage is planned, because mistakes anywhere count, but not built: this needs no sandbox.
const dockerfile = `
FROM scratch AS unneeded
WORKDIR /a
COPY --chown=1:2 a b/
RUN make
FROM scratch
ARG A=1
ENV B=$A
LABEL c="\${B:-d}"
EXPOSE 80
USER e
CMD ["f"]
`;

if (process.argv[2] === "run") run(process.argv[3], process.argv.slice(4));
else compile();

function compile() {
  const scratch = mkdtempSync(join(tmpdir(), "tsbuild-compile-"));
  try {
    writeFileSync(join(scratch, "Dockerfile"), dockerfile);
    const env = { ...process.env, TSBUILD_ROOT: join(scratch, "root") };
    const stdio = ["ignore", "ignore", "inherit"];
    const node = (...args) => spawnSync(process.execPath, args, { env, stdio }).status === 0;
    const words = ["--quiet", "--tag", "warm", scratch];
    // found in the cache, a build is noted, if its files are not too new for that; then it can be repeated
    const isDone =
      node(__filename, "run", "dist/bundle.cjs", ...words) &&
      [1, 2, 3, 4, 5].some(
        () =>
          node("dist/tsbuild.cjs", ...words) && node(__filename, "run", "dist/repeat.cjs", ...words),
      );
    if (!isDone) throw new Error("the builds to compile by failed");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(script, words) {
  const filename = resolve(script);
  process.argv = [process.argv[0], filename, ...words];
  const compiled = new Script(readFileSync(filename, "latin1"), { filename });
  process.on("exit", (code) => {
    if (code === 0) writeFileSync(`${filename}.cache`, compiled.createCachedData());
  });
  const module = { exports: {} };
  const load = createRequire(filename);
  compiled.runInThisContext()(module.exports, load, module, filename, dirname(filename));
  if (module.exports.repeat?.(words) === false) process.exitCode = 1;
}
