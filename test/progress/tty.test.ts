import { assert } from "chai";
import fc from "fast-check";
import type { BuildEvent } from "../../src/builder/event.js";
import { tty } from "../../src/progress/tty.js";
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
import { ScreenEmulator } from "./screen-emulator.js";

function setUp(columns = 50, rows = 12) {
  const terminal = new ScreenEmulator(columns, rows);
  const recorder = new Recorder((text) => {
    terminal.write(text);
  });
  recorder.size = { columns, rows };
  return { terminal, recorder, renderer: tty(recorder.options) };
}

describe("tty()", () => {
  it("shows running steps with a clock, downloads and the last lines of output", () => {
    const { terminal, recorder, renderer } = setUp();
    renderer.emit(declared(1, "pull busybox"));
    renderer.emit(declared(2, "[2/2] RUN make"));
    renderer.emit(started(1));
    renderer.emit(progress(1, "sha256:abc", 1_050_000, 3_370_000));
    renderer.emit(started(2));
    renderer.emit(output(2, "1\n2\n3\n4\n5\n6\n7\n8\npart"));
    recorder.wait(4200);
    assert.deepStrictEqual(terminal.text, [
      "[+] Building 4.2s (0/2)",
      " => pull busybox                              4.2s",
      " => => sha256:abc 1.05MB / 3.37MB             4.2s",
      " => [2/2] RUN make                            4.2s",
      " => => # 4",
      " => => # 5",
      " => => # 6",
      " => => # 7",
      " => => # 8",
      " => => # part",
    ]);
    assert.isFalse(terminal.cursorVisible);
  });

  it("leaves a log of every step, FINISHED, and the cursor", () => {
    const { terminal, recorder, renderer } = setUp();
    renderer.emit(declared(1, "[1/2] WORKDIR /app"));
    renderer.emit(declared(2, "[2/2] COPY . ."));
    renderer.emit(ended(1, "cached"));
    renderer.emit(started(2));
    renderer.emit(missed(2, "app.ts changed"));
    recorder.wait(1500);
    renderer.emit(ended(2, "done"));
    renderer.finish();
    assert.deepStrictEqual(terminal.text, [
      " => CACHED [1/2] WORKDIR /app                 0.0s",
      " => [2/2] COPY . .                            1.5s",
      " => => not cached: app.ts changed",
      "[+] Building 1.5s (2/2) FINISHED",
    ]);
    assert.isTrue(terminal.cursorVisible);
    assert.isTrue(terminal.wraps);
  });

  it("shows what a failed step said, and what became of the others", () => {
    const { terminal, renderer } = setUp();
    for (const id of [1, 2, 3]) renderer.emit(declared(id, `step ${id}`));
    renderer.emit(started(1));
    renderer.emit(started(2));
    renderer.emit(output(1, "no such file\n"));
    renderer.emit(failed(1, "exit code 1"));
    renderer.emit(ended(2, "cancelled"));
    renderer.emit(ended(3, "skipped"));
    renderer.finish();
    assert.deepStrictEqual(terminal.text, [
      " => ERROR step 1                              0.0s",
      " => CANCELED step 2                           0.0s",
      " => SKIPPED step 3                            0.0s",
      "[+] Building 0.0s (3/3)",
      "------",
      " > step 1:",
      "0.000 no such file",
      "------",
    ]);
  });

  it("ends sanely when the build was interrupted in the middle of a step", () => {
    const { terminal, renderer } = setUp();
    renderer.emit(declared(1, "RUN sleep"));
    renderer.emit(started(1));
    renderer.finish();
    assert.deepStrictEqual(terminal.text, [
      " => CANCELED RUN sleep                        0.0s",
      "[+] Building 0.0s (0/1)",
    ]);
    assert.isTrue(terminal.cursorVisible);
  });

  it("draws at most every 100 ms", () => {
    const { recorder, renderer } = setUp();
    renderer.emit(declared(1, "a"));
    renderer.emit(started(1));
    const before = recorder.text.length;
    for (let count = 0; count < 1000; count++) renderer.emit(output(1, "line\n"));
    assert.strictEqual(recorder.text.length, before);
  });

  it("never grows above the terminal's height", () => {
    const { terminal, recorder, renderer } = setUp(40, 6);
    for (let id = 1; id <= 20; id++) {
      renderer.emit(declared(id, `step ${id}`));
      renderer.emit(started(id));
    }
    recorder.wait(200);
    recorder.wait(200);
    assert.deepStrictEqual(terminal.text, [
      "[+] Building 0.4s (0/20)",
      " => step 1                          0.4s",
      " => step 2                          0.4s",
      " => step 3                          0.4s",
      " => … and 17 more",
    ]);
  });

  it("leaves no trace of the live lines when the terminal was made narrower", () => {
    const { terminal, recorder, renderer } = setUp(60, 20);
    renderer.emit(declared(1, "a step with quite a long name that fills the line up"));
    renderer.emit(started(1));
    recorder.wait(200);
    terminal.resize(30, 20);
    recorder.size = { columns: 30, rows: 20 };
    recorder.wait(200);
    renderer.emit(ended(1, "done"));
    renderer.finish();
    assert.deepStrictEqual(terminal.text, [
      " => a step with quite a … 0.4s",
      "[+] Building 0.4s (1/1) FINIS…",
    ]);
  });

  it("uses colours only where it may", () => {
    const script: readonly BuildEvent[] = [declared(1, "a"), started(1), failed(1, "no")];
    for (const color of [true, false]) {
      const recorder = new Recorder(undefined, color);
      const renderer = tty(recorder.options);
      for (const event of script) renderer.emit(event);
      renderer.finish();
      assert.strictEqual(recorder.text.includes("\x1b[31m"), color);
    }
  });

  it("F34 takes colours, lines of output and the time between drawings from its options", () => {
    const recorder = new Recorder(undefined, true);
    const options = { codes: { failed: "35" }, logLines: 2, refreshMs: 1000 };
    const renderer = tty({ ...recorder.options, ...options });
    renderer.emit(declared(1, "a"));
    renderer.emit(started(1));
    renderer.emit(output(1, "one\ntwo\nthree\n"));
    recorder.wait(999);
    assert.notInclude(recorder.text, "two");
    recorder.wait(1);
    assert.notInclude(recorder.text, "# one");
    assert.include(recorder.text, "# two");
    renderer.emit(failed(1, "no"));
    renderer.finish();
    assert.include(recorder.text, "\x1b[35m => ERROR a");
  });

  it("shows warnings of a build that came to no step", () => {
    const { terminal, renderer } = setUp();
    renderer.emit({ type: "warning", rule: undefined, message: "odd", at: undefined });
    renderer.finish();
    assert.deepStrictEqual(terminal.text, ["", " 1 warning found:", " - odd"]);
    assert.isTrue(terminal.cursorVisible);
  });

  it("draws nothing for a build without steps", () => {
    const { recorder, renderer } = setUp();
    renderer.finish();
    assert.strictEqual(recorder.text, "");
  });

  it("stays whole whatever a step prints, at any size", () => {
    const junk = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\x1b[2J", "\x1b[10A", "\x1b]0;title\x07", "\x1b[?1049h", "\r", "\n", "\t"),
      fc.constantFrom("漢字", "👩‍👩‍👧", "é", "\u202e", "\x9b5A", "\x1bc"),
    );
    fc.assert(
      fc.property(
        fc.array(junk, { maxLength: 30 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 10 }),
        (chunks, columns, rows) => {
          const { terminal, recorder, renderer } = setUp(columns, rows);
          renderer.emit(declared(1, "first"));
          renderer.emit(declared(2, chunks.join("")));
          renderer.emit(started(1));
          renderer.emit(started(2));
          for (const chunk of chunks) {
            renderer.emit(output(1, chunk));
            recorder.wait(150);
          }
          renderer.emit(ended(1, "done"));
          renderer.emit(ended(2, "cached"));
          renderer.finish();
          const logs = terminal.text.filter((line) => line.startsWith(" =>"));
          assert.isTrue(terminal.cursorVisible && terminal.wraps);
          if (columns >= 20 && rows >= 2) {
            assert.strictEqual(terminal.text.length, 3);
            assert.strictEqual(logs.length, 2);
          }
        },
      ),
    );
  });
});
