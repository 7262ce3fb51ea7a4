import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { chooseMode, createRenderer } from "../../src/progress/mode.js";
import { declared, ended, Recorder } from "./recorder.js";

describe("chooseMode()", () => {
  const cases = [
    { requested: "auto", isTty: true, mode: "tty" },
    { requested: "auto", isTty: false, mode: "plain" },
    { requested: "tty", isTty: true, mode: "tty" },
    { requested: "plain", isTty: true, mode: "plain" },
    { requested: "rawjson", isTty: true, mode: "rawjson" },
    { requested: "quiet", isTty: true, mode: "quiet" },
    { requested: "none", isTty: true, mode: "quiet" },
  ] as const;
  for (const { requested, isTty, mode } of cases) {
    it(`takes ${mode} for ${requested} ${isTty ? "on a terminal" : "elsewhere"}`, () => {
      assert.strictEqual(chooseMode(requested, isTty), mode);
    });
  }

  it("refuses to draw where there is no terminal", () => {
    assert.throws(() => chooseMode("tty", false), BuildError, /there is no terminal to draw on$/);
  });
});

describe("createRenderer()", () => {
  const starts = { plain: "#1 a\n", quiet: "", rawjson: '{"vertexes":', tty: "\x1b[?25l" } as const;
  for (const mode of ["plain", "quiet", "rawjson", "tty"] as const) {
    it(`draws ${mode}`, () => {
      const recorder = new Recorder();
      const { emit, finish } = createRenderer(mode, recorder.options);
      emit(declared(1, "a"));
      emit(ended(1, "done"));
      finish();
      assert.strictEqual(recorder.text.slice(0, starts[mode].length), starts[mode]);
      assert.strictEqual(recorder.text === "", mode === "quiet");
    });
  }
});
