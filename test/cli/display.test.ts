import { assert } from "chai";
import { displayOf, wantsColor } from "../../src/cli/display.js";
import { FakeIo } from "./fake-io.js";

describe("displayOf()", () => {
  const nothing = { codes: {}, logLines: undefined, refreshMs: undefined, logLimit: undefined };
  const cases: readonly (readonly [Readonly<Record<string, string>>, object])[] = [
    [{}, {}],
    [{ BUILDKIT_TTY_LOG_LINES: "12" }, { logLines: 12 }],
    [{ BUILDKIT_TTY_LOG_LINES: "many", TTY_DISPLAY_RATE: "-1" }, {}],
    [{ TTY_DISPLAY_RATE: "250" }, { refreshMs: 250 }],
    [{ BUILDKIT_STEP_LOG_MAX_SIZE: "1000" }, { logLimit: 1000 }],
    [{ BUILDKIT_STEP_LOG_MAX_SIZE: "-1" }, { logLimit: Infinity }],
    [
      { BUILDKIT_COLORS: "run=Cyan:cancel=1,22,255:error=pink:warning=1,2,300:other=red:" },
      { codes: { done: "36", cancelled: "38;2;1;22;255" } },
    ],
  ];
  for (const [env, want] of cases) {
    it(`F34, U08 reads ${JSON.stringify(env)}`, () => {
      assert.deepStrictEqual(displayOf(env), { ...nothing, ...want });
    });
  }
});

describe("wantsColor()", () => {
  const terminal = { err: true };
  const cases = [
    { world: { terminal }, want: true },
    { world: {}, want: false },
    { world: { terminal, env: { NO_COLOR: "1" } }, want: false },
    { world: { terminal, env: { NO_COLOR: "" } }, want: true },
  ];
  for (const { world, want } of cases) {
    it(`F34 is ${want} in ${JSON.stringify(world)}`, () => {
      assert.strictEqual(wantsColor(new FakeIo(world)), want);
    });
  }
});
