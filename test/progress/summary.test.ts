import { assert } from "chai";
import { plain } from "../../src/progress/plain.js";
import { quiet } from "../../src/progress/quiet.js";
import { rawJson } from "../../src/progress/raw-json.js";
import { summaryText } from "../../src/progress/summary.js";
import { tty } from "../../src/progress/tty.js";
import { Recorder } from "./recorder.js";

const totals = { ms: 3400, cached: 5, run: 2, savedMs: 41_200, written: 12e6, sent: 4e6 };
const text = "Built in 3.4s: 5 steps cached, 2 run, 41.2s saved, 12MB written, 4MB sent";

describe("the line that sums up a build", () => {
  const nothing = { ms: 90, cached: 1, run: 0, savedMs: 49, written: 0, sent: 0 };
  for (const [given, want] of [
    [totals, text],
    [nothing, "Built in 0.1s: 1 step cached, 0 run"],
  ] as const) {
    it(`is "${want}"`, () => {
      assert.strictEqual(summaryText(given), want);
    });
  }

  for (const [name, renderer, want] of [
    ["is the last one of plain progress", plain, `\n${text}\n`],
    ["is an event of raw JSON", rawJson, `${JSON.stringify({ summary: totals })}\n`],
    ["is not shown by a quiet build", quiet, ""],
  ] as const) {
    it(name, () => {
      const recorder = new Recorder();
      const { emit, finish } = renderer(recorder.options);
      emit({ type: "traffic", written: 12e6, sent: 4e6 });
      emit({ type: "summary", totals });
      finish();
      assert.strictEqual(recorder.text, want);
    });
  }

  it("ends what is drawn on a terminal", () => {
    const recorder = new Recorder();
    recorder.size = { columns: 100, rows: 20 };
    const { emit, finish } = tty(recorder.options);
    emit({ type: "summary", totals });
    finish();
    assert.include(recorder.text, `${text}\r\n`.replace("\r", ""));
  });
});
