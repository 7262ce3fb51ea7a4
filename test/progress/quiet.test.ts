import { assert } from "chai";
import { quiet } from "../../src/progress/quiet.js";
import { declared, ended, failed, output, Recorder, started } from "./recorder.js";

describe("quiet()", () => {
  it("says nothing of a build that succeeds", () => {
    const recorder = new Recorder();
    const renderer = quiet(recorder.options);
    const events = [declared(1, "RUN make"), started(1), output(1, "made\n"), ended(1, "done")];
    for (const event of events) renderer.emit(event);
    renderer.emit({ type: "warning", rule: undefined, message: "careful", at: undefined });
    renderer.finish();
    assert.strictEqual(recorder.text, "");
  });

  it("repeats what a failed step said last, and nothing of the others", () => {
    const recorder = new Recorder();
    const renderer = quiet(recorder.options);
    for (const event of [declared(1, "RUN a"), declared(2, "RUN b"), started(1), started(2)]) {
      renderer.emit(event);
    }
    for (const event of [output(1, "fine\n"), output(2, "no such file"), ended(1, "done")]) {
      renderer.emit(event);
    }
    recorder.wait(1500);
    renderer.emit(failed(2, "exit code: 2"));
    renderer.finish();
    assert.strictEqual(recorder.text, "------\n > RUN b:\n1.500 no such file\n------\n");
  });
});
