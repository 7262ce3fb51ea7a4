"use strict";
// node scripts/compile.cjs BUNDLE: runs a small build from the bundle, and keeps what V8 compiled on
// the way beside it. V8 refuses a cache of another version, so it can only be out of date, not wrong.
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join, resolve } = require("node:path");
const { Script } = require("node:vm");

const filename = resolve(process.argv[2]);
const scratch = mkdtempSync(join(tmpdir(), "tsbuild-compile-"));
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
writeFileSync(join(scratch, "Dockerfile"), dockerfile);
process.env.TSBUILD_ROOT = join(scratch, "root");
process.argv = [process.argv[0], filename, "--quiet", "--tag", "warm", scratch];
const write = process.stdout.write;
process.stdout.write = (...args) => args.find((arg) => typeof arg === "function")?.() ?? true;

const script = new Script(readFileSync(filename, "latin1"), { filename });
script.runInThisContext()({}, createRequire(filename), {}, filename, dirname(filename));
process.on("exit", () => {
  process.stdout.write = write;
  writeFileSync(`${filename}.cache`, script.createCachedData());
  rmSync(scratch, { recursive: true, force: true });
});
