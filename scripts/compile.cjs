"use strict";
// node scripts/compile.cjs: runs small builds from dist/, and keeps what V8 compiled on the way beside each
// script. V8 refuses a cache of another version, so it can only be out of date, not wrong.
const { spawnSync } = require("node:child_process");
const {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const { createRequire } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join, resolve } = require("node:path");
const { Script } = require("node:vm");

// The first stage is planned, because mistakes anywhere count, but not built: this needs no sandbox.
const plain = `
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
// What else most builds do, where this machine lets a step run and has a program that needs no library.
const shell = "/bin/busybox";
const running = `
FROM scratch AS base
COPY busybox /bin/sh
COPY passwd group /etc/
FROM base AS made
RUN echo 1 >/one
RUN --mount=type=cache,target=/cache echo 2 >/two
FROM base
WORKDIR /app
COPY --from=made /one /two ./
COPY . .
`;
// Twice, with another value and another file: steps that miss upon an image that is here, and what is told of them.
const missing = `
FROM running
COPY changed /
ARG A
RUN echo $A >/one
RUN echo $A >/two
`;
const inNamespaces = [
  "unshare",
  ...(process.getuid() === 0 ? [] : ["--user", "--map-auto", "--map-root-user"]),
  ...["--mount", "--propagation", "slave"],
];

if (process.argv[2] === "run") run(process.argv[3], process.argv.slice(4));
else compile();

function compile() {
  const scratch = mkdtempSync(join(tmpdir(), "tsbuild-compile-"));
  const env = { ...process.env, TSBUILD_ROOT: join(scratch, "root") };
  const succeeds = (stderr, ...[command, ...args]) =>
    spawnSync(command, args, { env, stdio: ["ignore", "ignore", stderr], timeout: 60_000 })
      .status === 0;
  const node = process.execPath;
  const context = (name, dockerfile) => {
    mkdirSync(join(scratch, name));
    writeFileSync(join(scratch, name, "Dockerfile"), dockerfile);
    return join(scratch, name);
  };
  try {
    const words = ["--quiet", "--tag", "warm", context("plain", plain)];
    const bundle = [node, __filename, "run", "dist/bundle.cjs"];
    if (!succeeds("inherit", ...bundle, ...words)) throw new Error("the first build failed");
    if (existsSync(shell)) {
      const place = context("running", running);
      copyFileSync(shell, join(place, "busybox"));
      writeFileSync(join(place, "passwd"), "root:x:0:0:root:/root:/bin/sh\n");
      writeFileSync(join(place, "group"), "root:x:0:\n");
      const outputs = ["--output=type=image", `--output=type=oci,dest=${join(scratch, "out.tar")}`];
      const builds = (...args) => succeeds("ignore", ...inNamespaces, ...bundle, ...args);
      const isBuilt = ["default", "none"].some((network) =>
        builds("--quiet", `--network=${network}`, "--tag=running", ...outputs, place),
      );
      if (isBuilt) {
        const changing = context("missing", missing);
        const upon = ["--progress=plain", "--network=host", changing];
        for (const value of ["1", "2"]) {
          writeFileSync(join(changing, "changed"), value);
          builds("--tag=missing", `--build-arg=A=${value}`, ...upon);
        }
      }
    }
    // found in the cache, a build is noted, if its files are not too new for that; then it can be repeated
    const again = [__filename, "run", "dist/repeat.cjs", ...words];
    const isRepeated = [1, 2, 3, 4, 5].some(
      () =>
        succeeds("inherit", node, "dist/tsbuild.cjs", ...words) &&
        succeeds("inherit", node, ...again),
    );
    if (!isRepeated) throw new Error("the first build cannot be repeated");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(script, words) {
  const filename = resolve(script);
  process.argv = [process.argv[0], filename, ...words];
  const cache = `${filename}.cache`;
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined; // what ran before is kept
  const compiled = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
  process.on("exit", (code) => {
    if (code === 0) writeFileSync(cache, compiled.createCachedData());
  });
  const module = { exports: {} };
  const load = createRequire(filename);
  compiled.runInThisContext()(module.exports, load, module, filename, dirname(filename));
  if (module.exports.repeat?.(words) === false) process.exitCode = 1;
}
