import { assert } from "chai";
import { credentialsHidden, looksSecret } from "../../src/plan/secret-name.js";
import { planOf, targetOf } from "./planning.js";

describe("looksSecret()", () => {
  for (const [name, want] of [
    ["API_TOKEN", true],
    ["npm_auth", true],
    ["PASSWORD", true],
    ["KEYBOARD", false],
    ["PUBLIC_KEY", false],
    ["TOKEN_FILE", false],
    ["VERSION", false],
  ] as const) {
    it(`L16 is ${want} of ${name}`, () => {
      assert.strictEqual(looksSecret(name), want);
    });
  }
});

describe("credentialsHidden()", () => {
  for (const [text, want] of [
    ["https://me:pass@host/a@b", "https://****@host/a@b"],
    ["https://me:p@ss@host/a@b,https://c@d", "https://****@host/a@b,https://****@d"],
    ["a http://token@x and git+ssh://u@y", "a http://****@x and git+ssh://****@y"],
    ["git@github.com:org/repo", "git@github.com:org/repo"],
    ["https://host/path?to=a@b", "https://host/path?to=a@b"],
  ] as const) {
    it(`makes "${want}" of it`, () => {
      assert.strictEqual(credentialsHidden(text), want);
    });
  }
});

describe("the title of a step", () => {
  it("X14 L16 shows **** for what looks like a secret, and no password of a URL", () => {
    const text = "FROM scratch\nARG TOKEN=a V=b\nRUN fetch $TOKEN $V https://me:pass@host/";
    const [step] = targetOf(planOf(text)).steps;
    assert.strictEqual(step?.title, "RUN fetch **** b https://****@host/");
  });
});
