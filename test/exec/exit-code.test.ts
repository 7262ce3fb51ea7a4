import { assert } from "chai";
import { exitCode } from "../../src/exec/exit-code.js";

const line = (msg: string, level = "error"): string => JSON.stringify({ level, msg }) + "\n";

describe("exitCode()", () => {
  const cases = [
    { name: "an exit code", code: 3, log: "", want: 3 },
    { name: "the code of a signal", code: 137, log: "", want: 137 },
    { name: "a code above every signal", code: 255, log: "", want: 255 },
    {
      name: "a warning that is not a failure",
      code: 1,
      log: line("hm", "warning"),
      want: 1,
    },
    { name: "a torn log", code: 1, log: '{"level":"err', want: 1 },
    {
      name: "crun's missing program",
      code: 1,
      log: line("executable file `x` not found in $PATH: No such file or directory"),
      want: 127,
    },
    {
      name: "runc's missing program",
      code: 1,
      log: line(
        'runc run failed: unable to start container process: exec: "x": executable file not found in $PATH',
      ),
      want: 127,
    },
    {
      name: "crun's program that is none",
      code: 1,
      log: line("open executable: Operation not permitted"),
      want: 126,
    },
    {
      name: "runc's program that is none",
      code: 1,
      log: line(
        'runc run failed: unable to start container process: exec: "/etc": permission denied',
      ),
      want: 126,
    },
  ] as const;
  for (const { name, code, log, want } of cases) {
    it(`knows ${name}`, () => {
      assert.strictEqual(exitCode(code, log), want);
    });
  }

  it("fails with what the runtime could not do", () => {
    assert.throws(() => exitCode(1, line("mount proc: denied")), /^Cannot start the step: mount/);
  });
});
