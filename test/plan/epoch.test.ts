import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { planOf } from "./planning.js";

const epoch = (text: string, given?: string): number | undefined => {
  const buildArgs = new Map(given === undefined ? [] : [["SOURCE_DATE_EPOCH", given]]);
  return planOf(text, { buildArgs }).epoch;
};

describe("Plan.epoch", () => {
  const cases: readonly (readonly [string, string, string | undefined, number | undefined])[] = [
    ["none", "FROM scratch", undefined, undefined],
    ["that of the command line", "FROM scratch", "7", 7],
    ["that of the Dockerfile", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", undefined, 8],
    ["that of the command line first", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", "7", 7],
    ["none where it is emptied", "ARG SOURCE_DATE_EPOCH=8\nFROM scratch", "", undefined],
    ["none of an ARG in a stage", "FROM scratch\nARG SOURCE_DATE_EPOCH=8", undefined, undefined],
    ["none of a local context (T02)", "FROM scratch", "context", undefined],
  ];
  for (const [name, text, given, want] of cases) {
    it(`T01 is ${name}`, () => {
      assert.strictEqual(epoch(text, given), want);
    });
  }

  for (const value of ["yesterday", "-1", "1.5", "0x10"]) {
    it(`T01 may not be "${value}"`, () => {
      const message = `Cannot use SOURCE_DATE_EPOCH "${value}": want seconds since 1970`;
      assert.throws(() => epoch("FROM scratch", value), BuildError, message);
    });
  }
});
