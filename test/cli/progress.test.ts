import { assert } from "chai";
import type { Progress } from "../../src/cli/args/words.js";
import { withProgress } from "../../src/cli/progress.js";
import { failureOf } from "../oci/build-errors.js";
import { FakeIo, type World } from "./fake-io.js";

/** What is shown of one vertex that goes well. */
async function shown(
  flags: { readonly progress?: Progress; readonly quiet?: boolean },
  world: World = {},
): Promise<string> {
  const io = new FakeIo(world);
  await withProgress(
    { progress: undefined, quiet: false, debug: false, ...flags },
    io,
    async (board) => {
      await board.during(board.declare("a step"), () => Promise.resolve(), io.signal);
    },
  );
  assert.strictEqual(io.text, "", "standard output is for results");
  return io.errors;
}

const plain = /^#1 a step\n/;
const json = /^\{.*"a step".*\}\n/;
const tty = /\x1b\[/;
const terminal = { err: true };

describe("withProgress()", () => {
  const cases: readonly (readonly [
    string,
    Parameters<typeof shown>[0],
    World | undefined,
    RegExp,
  ])[] = [
    ["plain text where there is no terminal", {}, {}, plain],
    ["the terminal display on a terminal", {}, { terminal }, tty],
    ["plain text on a terminal when asked", { progress: "plain" }, { terminal }, plain],
    ["JSON when asked", { progress: "rawjson" }, {}, json],
    ["nothing when quiet", { quiet: true }, { terminal }, /^$/],
    ["nothing for --progress=quiet", { progress: "quiet" }, {}, /^$/],
    ["what TSBUILD_PROGRESS says", {}, { env: { TSBUILD_PROGRESS: "rawjson" } }, json],
    ["F22 what BUILDKIT_PROGRESS says", {}, { env: { BUILDKIT_PROGRESS: "rawjson" } }, json],
    [
      "what TSBUILD_PROGRESS says rather than BUILDKIT_PROGRESS",
      {},
      { env: { BUILDKIT_PROGRESS: "rawjson", TSBUILD_PROGRESS: "plain" } },
      plain,
    ],
    [
      "what the flag says, whatever TSBUILD_PROGRESS does",
      { progress: "plain" },
      { env: { TSBUILD_PROGRESS: "rawjson" } },
      plain,
    ],
  ];
  for (const [name, flags, world, want] of cases) {
    it(`shows ${name}`, async () => {
      assert.match(await shown(flags, world), want);
    });
  }

  for (const name of ["TSBUILD_PROGRESS", "BUILDKIT_PROGRESS"]) {
    it(`refuses a ${name} without a meaning`, async () => {
      const { message } = await failureOf(shown({}, { env: { [name]: "plane" } }), "USAGE");
      assert.strictEqual(
        message,
        `Cannot use ${name} "plane": want auto, none, plain, quiet, rawjson, tty`,
      );
      assert.match(await shown({ quiet: true }, { env: { [name]: "plane" } }), /^$/);
    });
  }

  it("U07 explains a warning with --debug", async () => {
    const text = "FROM scratch\nMAINTAINER me\n";
    const at = { source: { name: "Dockerfile", text }, start: 13, end: 26 };
    for (const debug of [false, true]) {
      const io = new FakeIo();
      await withProgress({ progress: "plain", quiet: false, debug }, io, (board) => {
        board.warn("MaintainerDeprecated", "old", at);
        return Promise.resolve();
      });
      assert.strictEqual(io.errors.includes("/maintainer-deprecated/"), debug);
      assert.strictEqual(io.errors.includes("2 | MAINTAINER me"), debug);
    }
  });

  it("ends what was left open when the work fails", async () => {
    const io = new FakeIo();
    const error = new Error("no");
    const got: unknown = await withProgress(
      { progress: "rawjson", quiet: false, debug: false },
      io,
      (board) => {
        board.start(board.declare("started"));
        board.declare("waiting");
        return Promise.reject(error);
      },
    ).catch((cause: unknown) => cause);
    assert.strictEqual(got, error);
    assert.match(io.errors, /cancel/i);
    assert.match(io.errors, /skip/i);
  });
});
