import { assert } from "chai";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../src/cli/version.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { FakeIo, type World } from "./fake-io.js";

// main() imports commands when they are needed. Mocha loads this file in a way that would give those
// another copy of every module; what is imported here has one.
const importing = Promise.all([import("../../src/cli/main.js"), import("../../src/error.js")]);

const temporary = temporaryDirectory();
let stores = 0;

/** Runs a command line in a store of its own. */
async function run(line: string, { env = {}, ...world }: World = {}) {
  const root = join(temporary, `store-${++stores}`);
  const io = new FakeIo({ cwd: temporary, ...world, env: { TSBUILD_ROOT: root, ...env } });
  const [{ main }] = await importing;
  const code = await main(line === "" ? [] : line.split(" "), io);
  return { code, text: io.text, errors: io.errors };
}

describe("main()", () => {
  const cases: readonly {
    readonly line: string;
    readonly code: number;
    readonly text?: RegExp;
    readonly errors?: RegExp;
    readonly world?: World;
  }[] = [
    { line: "", code: 0, text: /^Usage: tsbuild / },
    { line: "--help", code: 0, text: /^Usage: tsbuild / },
    { line: "version", code: 0, text: new RegExp(`^tsbuild ${version}\n$`) },
    { line: "images", code: 0, text: /^REPOSITORY / },
    { line: "du", code: 0, text: /^database\* .*\nShared: +0B\n[^]*\nReclaimable: +0B\n/m },
    { line: "prune -f", code: 0, text: /^Total reclaimed space: 0B\n$/ },
    { line: "build", code: 2, errors: /^ERROR: Cannot build: the context is missing\n/ },
    { line: "--no-such .", code: 2, errors: /^ERROR: Cannot use --no-such: no such flag\n/ },
    {
      line: "--policy x .",
      code: 1,
      errors: /^ERROR: Cannot use --policy: not supported yet\n/,
    },
    { line: "./nowhere", code: 1, errors: /ERROR: Cannot use ".\/nowhere" as a build context/ },
    { line: "history none", code: 1, errors: /^ERROR: Cannot find image "none" in the store\n/ },
    { line: "load -i .", code: 1, errors: /^ERROR: Cannot load ".": it is a directory\n/ },
    { line: "import .", code: 1, errors: /^ERROR: Cannot import ".": it is a directory\n/ },
    { line: "load -i none", code: 1, errors: /^ERROR: Cannot open ".*none": no such file/ },
    { line: "run", code: 125, errors: /^ERROR: Cannot run: the image is missing\n/ },
    { line: "run -t web", code: 125, errors: /^ERROR: Cannot use --tty: standard input is no/ },
    {
      line: "run 127.0.0.1:1/none",
      code: 125,
      errors:
        /^ERROR: Cannot run .* not in the store, .* Cannot reach .*\nhint: make it with: tsbuild /,
    },
    {
      line: "images",
      code: 2,
      errors: /^ERROR: Cannot use TSBUILD_SNAPSHOTTER "zfs": no such snapshotter\n/,
      world: { env: { TSBUILD_SNAPSHOTTER: "zfs" } },
    },
    {
      line: "images",
      code: 1,
      errors: /^ERROR: Cannot open the store "\/dev\/null\/x"/,
      world: { env: { TSBUILD_ROOT: "/dev/null/x" } },
    },
  ];
  for (const { line, code, text = /^$/, errors = /^$/, world } of cases) {
    it(`answers "tsbuild ${line}" with ${code}${world?.env ? " in its environment" : ""}`, async () => {
      const found = await run(line, world);
      assert.match(found.errors, errors);
      assert.match(found.text, text);
      assert.strictEqual(found.code, code);
    });
  }

  it("answers 130 to the user's interruption", async () => {
    const [, { BuildError }] = await importing;
    const signal = AbortSignal.abort(new BuildError("CANCELLED", "Cannot go on: interrupted"));
    const { code, errors } = await run("build -f - .", { input: "FROM scratch\nENV A=1", signal });
    assert.match(errors, /interrupted/);
    assert.strictEqual(code, 130);
  });

  it("makes the store in TSBUILD_ROOT", async () => {
    const root = join(temporary, "given");
    assert.strictEqual((await run("images", { env: { TSBUILD_ROOT: root } })).code, 0);
    mkdirSync(join(root, "mounts/there")); // the store is there, or this fails
  });

  it("F26 builds what needs no mounts, and prints the id alone with -q", async () => {
    const context = directoryWith(temporary, { Dockerfile: "FROM scratch\nENV A=1\nCMD a" });
    const env = { TSBUILD_ROOT: join(temporary, "built") };
    const { code, text, errors } = await run(`build -q -t web ${context}`, { env });
    assert.strictEqual(errors, "");
    assert.strictEqual(code, 0);
    assert.match(text, /^sha256:[0-9a-f]{64}\n$/);
    const listed = await run("images -q --no-trunc", { env });
    assert.strictEqual(listed.text, text);
  });

  const colors: readonly (readonly [boolean, World["env"], boolean])[] = [
    [true, {}, true],
    [true, { NO_COLOR: "1" }, false],
    [false, {}, false],
  ];
  for (const [err, env = {}, colored] of colors) {
    it(`${colored ? "colours" : "does not colour"} errors on a ${err ? "terminal" : "file"} with NO_COLOR ${env["NO_COLOR"] ?? "unset"}`, async () => {
      const { errors } = await run("--no-such .", { env, terminal: { err } });
      assert.strictEqual(errors.includes("\x1b["), colored);
    });
  }

  for (const [flag, stack] of [
    ["", false],
    [" --debug", true],
    [" -D", true],
  ] as const) {
    it(`shows ${stack ? "the" : "no"} stack of a bug with "images${flag}"`, async () => {
      const [{ main }] = await importing;
      const env = {
        get TSBUILD_ROOT(): string {
          throw new TypeError("x is undefined");
        },
      };
      const io = new FakeIo({ env });
      assert.strictEqual(await main(`images${flag}`.split(" "), io), 70);
      assert.match(io.errors, /^ERROR: Cannot go on: a bug in tsbuild/);
      assert.strictEqual(/\n +at /.test(io.errors), stack);
    });
  }
});
