import { assert } from "chai";
import { parseChmod } from "../../src/builder/chmod.js";
import { BuildError } from "../../src/error.js";

const cases: readonly { text: string; mode: number; becomes: number; directory?: boolean }[] = [
  { text: "755", mode: 0o600, becomes: 0o755 },
  { text: "0", mode: 0o600, becomes: 0 },
  { text: "07777", mode: 0, becomes: 0o7777 },
  { text: "+x", mode: 0o644, becomes: 0o755 },
  { text: "a-w", mode: 0o666, becomes: 0o444 },
  { text: "u=rwX,go=rX", mode: 0o600, becomes: 0o644 },
  { text: "u=rwX,go=rX", mode: 0o700, becomes: 0o755 },
  { text: "u=rwX,go=rX", mode: 0o600, becomes: 0o755, directory: true },
  { text: "g=u", mode: 0o640, becomes: 0o660 },
  { text: "o+g-x", mode: 0o751, becomes: 0o754 },
  { text: "ug+s,+t", mode: 0o755, becomes: 0o7755 },
  { text: "u-s", mode: 0o6755, becomes: 0o2755 },
  { text: "go=", mode: 0o777, becomes: 0o700 },
  { text: "ug=o", mode: 0o6750, becomes: 0o6000 },
  { text: "a=rwx", mode: 0o7000, becomes: 0o1777 },
  { text: "u+t", mode: 0o644, becomes: 0o1644 },
  { text: "o+t", mode: 0o644, becomes: 0o644 },
  { text: "o+s", mode: 0o644, becomes: 0o644 },
  { text: "=t", mode: 0o644, becomes: 0o1644 },
  { text: "+rwxs", mode: 0o640, becomes: 0o6777 },
];

describe("parseChmod()", () => {
  for (const { text, mode, becomes, directory = false } of cases) {
    it(`C14 makes 0${mode.toString(8)} 0${becomes.toString(8)} with ${text}${directory ? " for a directory" : ""}`, () => {
      assert.strictEqual(parseChmod(text).apply(mode, directory).toString(8), becomes.toString(8));
    });
  }

  for (const text of ["", "8", "10000", "rwx", "u", "u+rw,", "x+r", "+q", "u=rg"]) {
    it(`C14 refuses "${text}"`, () => {
      assert.throws(() => parseChmod(text), BuildError, `--chmod=${text}: want`);
    });
  }
});
