import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseLayout } from "./support/base-images.js";
import { buildLog, stepsOf } from "./support/build-log.js";
import { needsDebianMirror } from "./support/needs.js";
import { describeForAccounts } from "./support/site.js";

const compiler = `FROM debian:bookworm AS build
RUN apt-get update \\
 && apt-get install -y --no-install-recommends gcc libc6-dev \\
 && rm -rf /var/lib/apt/lists/*
`;

describeForAccounts(
  "Dockerfiles upon Debian",
  (site) => {
    it("K21 K24 builds the demo, whose server then serves its page, and elsewhere runs no step of it", async function () {
      await needsDebianMirror(this);
      const web = join(process.cwd(), "fixtures/web");
      const to = "type=local,dest=cache,mode=max,compression=uncompressed";
      await site.ok(["-t", "web", "--cache-to", to, web]);
      const other = { env: { TSBUILD_ROOT: join(site.directory, "root") } };
      const bases = ["busybox", "debian:bookworm"].flatMap((name) => [
        "--build-context",
        `${name}=oci-layout://${baseLayout}:${name.split(":")[0] ?? ""}`,
      ]);
      const from = ["--cache-from", "type=local,src=cache", ...bases];
      const steps = await stepsOf(site, ["-o", "type=cacheonly", ...from, web], other);
      assert.deepStrictEqual([...new Set(Object.values(steps))], ["cached"]);
      const script =
        "server >/dev/null & for _ in $(seq 300); do wget -qO- http://127.0.0.1:8080/ 2>/dev/null && break; sleep 0.1; done";
      const page = await site.look("web", script);
      assert.strictEqual(page, readFileSync("fixtures/web/public/index.html", "utf8"));
    });

    it("compiles C in one stage and runs it from scratch", async function () {
      await needsDebianMirror(this); // the compiler is the demo's: its first step is cached by now
      const context = site.context({
        Dockerfile: `${compiler}
COPY hello.c /
RUN gcc -static -o /hello /hello.c
FROM scratch
COPY --from=build /hello /
ENTRYPOINT ["/hello", "from"]
CMD ["nobody"]`,
        "hello.c": `#include <stdio.h>
int main(int argc, char **argv) { printf("hello %s %s\\n", argv[1], argv[2]); }`,
      });
      await site.ok(["-t", "hello", context]);
      const run = ["run", "--network=none", "hello"];
      assert.strictEqual((await site.ok(run)).stdout, "hello from nobody\n");
      assert.strictEqual((await site.ok([...run, "scratch"])).stdout, "hello from scratch\n");
      const { stdout } = await site.ok(["-q", "-o", "type=tar,dest=-", context]);
      assert.include(stdout, "ustar");
    });

    it("installs a package with apt-get, whose files have their owners and modes", async function () {
      await needsDebianMirror(this);
      const context = site.context({
        Dockerfile: `FROM debian:bookworm
RUN apt-get update && apt-get install -y --no-install-recommends openssh-client
RUN ssh-keygen -q -t ed25519 -N '' -f /key && su nobody -s /bin/sh -c 'test ! -r /key'`,
      });
      await site.ok(["-t", "apt", context]);
      const modes = await site.look("apt", "stat -c '%a %U:%G' /usr/bin/ssh-agent /key");
      assert.strictEqual(modes, "2755 root:_ssh\n600 root:root\n");
    });

    it("installs the dependencies of a Node application with npm ci, and runs it", async () => {
      const context = site.context({
        Dockerfile: `FROM debian:bookworm AS node
COPY node/ /usr/local/
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ldconfig && node --version

FROM node AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY vendor vendor
RUN npm ci --offline --no-audit --no-fund
COPY app.mjs .

FROM node
WORKDIR /app
COPY --from=build /app .
USER nobody
CMD ["node", "app.mjs"]`,
        "app.mjs": `import { Command } from "commander";
const program = new Command().argument("<name>").action((name) => console.log("hello", name));
program.parse(["world"], { from: "user" });`,
      });
      addNode(context);
      addDependency(context);
      await site.ok(["-t", "app", context]);
      assert.strictEqual((await site.ok(["run", "app"])).stdout, "hello world\n");
      site.write(context, { "app.mjs": `console.log("changed");` });
      const again = await stepsOf(site, ["-t", "app", context]);
      assert.strictEqual(again["RUN npm ci --offline --no-audit --no-fund"], "cached");
      assert.strictEqual(again["COPY app.mjs ."], "done");
      assert.strictEqual((await site.ok(["run", "app"])).stdout, "changed\n");
    });
  },
  { debian: true },
);

/** The machine's own node and npm, with the libraries that Debian's base lacks. */
function addNode(context: string): void {
  const stage = mkdtempSync(join(tmpdir(), "tsbuild-node-"));
  const bin = join(stage, "bin");
  const lib = join(stage, "lib");
  cpSync(process.execPath, join(bin, "node"));
  const env = { PATH: process.env["PATH"] }; // and no PREFIX
  const npm = execFileSync("npm", ["root", "--global"], { encoding: "utf8", env }).trim();
  cpSync(join(npm, "npm"), join(lib, "node_modules/npm"), { recursive: true, dereference: true });
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
  for (const [, name = "", path = ""] of libraries.matchAll(/(\S+) => (\/\S+)/g)) {
    // those that every Debian has fit its C library
    if (!/^lib(?:c|m|dl|pthread|rt|stdc\+\+|gcc_s)\.so/.test(name))
      copyFileSync(path, join(lib, name));
  }
  execFileSync("cp", ["-r", stage, join(context, "node")]);
  execFileSync("chmod", ["-R", "a+rX", join(context, "node")]);
  rmSync(stage, { recursive: true });
}

/** A package of ours as a tarball, and the lock file that npm makes for it. */
function addDependency(context: string): void {
  const vendor = join(context, "vendor");
  const home = mkdtempSync(join(tmpdir(), "tsbuild-npm-"));
  const npm = (...args: string[]): void => {
    const options = { cwd: context, env: { PATH: process.env["PATH"], HOME: home }, stdio: "pipe" };
    execFileSync("npm", args, options as { stdio: "pipe" });
  };
  execFileSync("mkdir", ["-m", "755", vendor]);
  npm(
    "pack",
    "--ignore-scripts",
    "--pack-destination",
    vendor,
    join(process.cwd(), "node_modules/commander"),
  );
  execFileSync("sh", ["-c", "mv commander-*.tgz commander.tgz"], { cwd: vendor });
  npm("init", "--yes");
  npm("install", "--package-lock-only", "--offline", "./vendor/commander.tgz");
  rmSync(home, { recursive: true });
}

describeForAccounts("long and wide Dockerfiles", (site) => {
  it("runs twenty RUN steps one upon the other", async () => {
    const steps = Array.from({ length: 20 }, (_, i) => `RUN echo ${i} >>/log && cat /log | wc -l`);
    const context = site.context({ Dockerfile: ["FROM busybox", ...steps].join("\n") });
    await site.ok(["-t", "twenty", context]);
    const log = await site.look("twenty", "cat /log");
    const want = steps.map((_, i) => String(i));
    assert.deepStrictEqual(log.trim().split("\n"), want);
  });

  it("builds a file of 120 instructions, and finds all of it in the cache afterwards", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 57 }, (_, i) => [`f${i}`, `file ${i}\n`]),
    );
    const lines = Object.keys(files).flatMap((name, i) => [
      `ENV V${i}=value-${i}`,
      `COPY ${name} /all/$V${i}/`,
    ]);
    const all = [
      "FROM busybox",
      "WORKDIR /all",
      ...lines,
      "RUN cat */* >/sum",
      "USER 1000",
      "EXPOSE 80",
      'CMD ["true"]',
    ];
    assert.lengthOf(all, 120);
    const context = site.context({ Dockerfile: all.join("\n"), ...files });
    await site.ok(["-t", "long", "--iidfile", "first", context]);
    const sum = await site.look("long", "cat /sum");
    assert.deepStrictEqual(
      sum.trim().split("\n").sort(),
      Object.values(files)
        .map((text) => text.trim())
        .sort(),
    );
    const again = await stepsOf(site, ["--iidfile", "second", context]);
    assert.deepStrictEqual(new Set(Object.values(again)), new Set(["cached"]));
    const [first, second] = ["first", "second"].map((name) =>
      readFileSync(join(site.directory, name), "utf8"),
    );
    assert.strictEqual(first, second);
  });

  it("P17 writes a heredoc of 200,000 lines with variables in a heap of 96 MB", async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i} says $A and \${A} to all`);
    const Dockerfile = ["FROM scratch", "ARG A=hello", "COPY <<E /f", ...lines, "E"].join("\n");
    const out = join(site.directory, "heredoc");
    await site.ok(["-o", out, site.context({ Dockerfile })], {
      env: { NODE_OPTIONS: "--max-old-space-size=96" },
    });
    const written = readFileSync(join(out, "f"), "utf8").split("\n");
    assert.lengthOf(written, lines.length + 1);
    assert.strictEqual(written.at(-2), "line 199999 says hello and hello to all");
  });

  it("runs the two sides of a diamond at the same time, and their common base once", async () => {
    // each waits for the other
    const meet = (name: string, other: string): string =>
      `RUN --mount=type=cache,target=/met >/met/${name}; until [ -e /met/${other} ]; do sleep 0.1; done; ` +
      `cat /base >/${name} && echo ${name} >>/${name}`;
    const context = site.context({
      Dockerfile: `FROM busybox AS base
RUN echo base | tee /base
FROM base AS left
${meet("left", "right")}
FROM base AS right
${meet("right", "left")}
FROM busybox
COPY --from=left /left /
COPY --from=right /right /
RUN cat /left /right >/both`,
    });
    const { code, output } = await buildLog(site, ["--jobs=2", "-t", "diamond", context]);
    assert.strictEqual(code, 0, output);
    assert.lengthOf(output.match(/base/g) ?? [], 1);
    assert.match(await site.look("diamond", "cat /both"), /^base\nleft\nbase\nright\n$/);
  });
});
