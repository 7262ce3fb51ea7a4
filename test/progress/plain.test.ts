import { assert } from "chai";
import type { BuildEvent } from "../../src/builder/event.js";
import { plain } from "../../src/progress/plain.js";
import {
  declared,
  ended,
  failed,
  missed,
  output,
  progress,
  Recorder,
  started,
} from "./recorder.js";

const source = { name: "Dockerfile", text: "FROM a AS Web\nRUN x\nRUN y\n" };

interface Case {
  readonly name: string;
  /** A number waits so many milliseconds. */
  readonly script: readonly (BuildEvent | number)[];
  readonly text: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "numbers a step's lines and tells its time",
    script: [
      declared(1, "[stage 1/3] RUN make"),
      started(1),
      123,
      output(1, "compi"),
      output(1, "ling\nlink"),
      1077,
      ended(1, "done"),
    ],
    text: ["#1 [stage 1/3] RUN make", "#1 0.123 compiling", "#1 1.200 link", "#1 DONE 1.2s"],
  },
  {
    name: "says how each step ended, and why it was not a hit",
    script: [
      declared(1, "a"),
      declared(2, "b"),
      declared(3, "c"),
      declared(4, "d"),
      ended(1, "cached"),
      started(2),
      missed(2, "src/app.ts\n\x1b[2J changed"),
      failed(2, "exit code 3"),
      started(3),
      ended(3, "cancelled"),
      ended(4, "skipped"),
    ],
    text: [
      "#1 a",
      "#1 CACHED",
      "",
      "#2 b",
      "#2 not cached: src/app.ts  changed",
      "#2 ERROR: exit code 3",
      "",
      "#3 c",
      "#3 CANCELED",
      "",
      "#4 d",
      "#4 SKIPPED",
    ],
  },
  {
    name: "keeps two steps apart as long as the first ends soon",
    script: [
      declared(1, "a"),
      declared(2, "b"),
      started(1),
      started(2),
      output(2, "two\n"),
      output(1, "one\n"),
      1000,
      ended(1, "done"),
      ended(2, "done"),
    ],
    text: ["#1 a", "#1 0.000 one", "#1 DONE 1.0s", "", "#2 b", "#2 0.000 two", "#2 DONE 1.0s"],
  },
  {
    name: "switches with ... when the first takes long",
    script: [
      declared(1, "a"),
      declared(2, "b"),
      started(1),
      started(2),
      output(2, "two\n"),
      5000,
      output(1, "one\n"),
      5000,
      ended(2, "done"),
      ended(1, "done"),
    ],
    text: [
      "#1 a",
      "#1 ...",
      "",
      "#2 b",
      "#2 0.000 two",
      "#2 ...",
      "",
      "#1 a",
      "#1 5.000 one",
      "#1 DONE 10.0s",
      "",
      "#2 b",
      "#2 DONE 10.0s",
    ],
  },
  {
    name: "tells of a download every five seconds and at its end",
    script: [
      declared(1, "pull"),
      started(1),
      progress(1, "sha256:abc", 0, 3_370_000),
      1000,
      progress(1, "sha256:abc", 1_000_000, 3_370_000),
      4000,
      progress(1, "sha256:abc", 1_050_000, 3_370_000),
      100,
      progress(1, "sha256:abc", 3_370_000, 3_370_000),
      progress(1, "sha256:abc", 3_370_000, 3_370_000),
      ended(1, "done"),
    ],
    text: [
      "#1 pull",
      "#1 sha256:abc 1.05MB / 3.37MB 5.0s",
      "#1 sha256:abc 3.37MB / 3.37MB 5.1s done",
      "#1 DONE 5.1s",
    ],
  },
  {
    name: "tells a download that is over at once",
    script: [declared(1, "pull"), started(1), progress(1, "x", 10, 10), ended(1, "done")],
    text: ["#1 pull", "#1 x 10B / 10B 0.0s done", "#1 DONE 0.0s"],
  },
  {
    name: "shows only what a carriage return left, and no escapes",
    script: [
      declared(1, "a"),
      started(1),
      output(1, "10%\r20%\r\n\x1b[31mred\x1b[0m\x1b[2J\x07\r\n"),
      ended(1, "done"),
    ],
    text: ["#1 a", "#1 0.000 20%", "#1 0.000 red", "#1 DONE 0.0s"],
  },
  {
    name: "repeats the last lines of a failed step and lists warnings, each once",
    script: [
      declared(1, "[2/2] RUN false"),
      {
        type: "warning",
        rule: "StageNameCasing",
        message: "Stage name 'Web' should be lowercase",
        at: { source, start: 15, end: 16 },
      },
      { type: "warning", rule: undefined, message: "no user", at: undefined },
      { type: "warning", rule: undefined, message: "no user", at: undefined },
      started(1),
      output(1, "one\ntwo"),
      failed(1, "exit code 1"),
    ],
    text: [
      "#1 [2/2] RUN false",
      "#1 0.000 one",
      "#1 0.000 two",
      "#1 ERROR: exit code 1",
      "",
      " 2 warnings found (--debug shows more):",
      " - StageNameCasing: Stage name 'Web' should be lowercase (Dockerfile:2)",
      " - no user",
      "------",
      " > [2/2] RUN false:",
      "0.000 one",
      "0.000 two",
      "------",
    ],
  },
];

describe("plain()", () => {
  for (const { name, script, text } of cases) {
    it(name, () => {
      const recorder = new Recorder();
      const renderer = plain(recorder.options);
      for (const entry of script) {
        if (typeof entry === "number") recorder.wait(entry);
        else renderer.emit(entry);
      }
      renderer.finish();
      assert.deepStrictEqual(recorder.text.trimEnd().split("\n"), text);
    });
  }

  it("clips a step's log at 2 MiB and still repeats its last lines when it fails", () => {
    const recorder = new Recorder();
    const renderer = plain(recorder.options);
    renderer.emit(declared(1, "a"));
    renderer.emit(started(1));
    const kilobyte = `${"x".repeat(1023)}\n`;
    for (let count = 0; count < 3 * 1024; count++) renderer.emit(output(1, kilobyte));
    renderer.emit(output(1, "the reason\n"));
    renderer.emit(failed(1, "exit code 1"));
    renderer.finish();
    const lines = recorder.text.split("\n");
    assert.isAtMost(recorder.text.length, 2.2 * 1024 * 1024);
    assert.strictEqual(lines.filter((line) => line.includes("[output clipped")).length, 1);
    assert.strictEqual(lines.at(-3), "0.000 the reason");
  });

  it("U08 clips where it is told to, or never", () => {
    for (const [logLimit, clipped] of [
      [4, true],
      [Infinity, false],
    ] as const) {
      const recorder = new Recorder();
      const renderer = plain({ ...recorder.options, logLimit });
      renderer.emit(declared(1, "a"));
      renderer.emit(started(1));
      renderer.emit(output(1, "x".repeat(3 << 20)));
      renderer.finish();
      assert.strictEqual(recorder.text.includes("[output clipped"), clipped);
    }
  });

  it("U07 explains warnings where it can", () => {
    const recorder = new Recorder();
    const renderer = plain({ ...recorder.options, explain: () => ["because"] });
    renderer.emit({ type: "warning", rule: "StageNameCasing", message: "odd", at: undefined });
    renderer.finish();
    assert.strictEqual(recorder.text, "\n 1 warning found:\n - StageNameCasing: odd\n   because\n");
  });

  it("joins characters that arrive in pieces", () => {
    const recorder = new Recorder();
    const renderer = plain(recorder.options);
    const [first = 0, ...rest] = Buffer.from("é\n");
    renderer.emit(declared(1, "a"));
    renderer.emit(started(1));
    for (const chunk of [[first], rest]) {
      renderer.emit({ type: "output", id: 1, stream: "stderr", chunk: Uint8Array.from(chunk) });
    }
    renderer.finish();
    assert.include(recorder.text, "#1 0.000 é\n");
  });
});
