import { assert } from "chai";
import { parseChallenge } from "../../src/registry/challenge.js";

const bearer = { scheme: "bearer", service: undefined, scopes: [] };

describe("parseChallenge()", () => {
  const cases: readonly (readonly [string | undefined, unknown])[] = [
    [undefined, undefined],
    ["", undefined],
    ["Negotiate", undefined],
    ["Basic", { scheme: "basic" }],
    ['Basic realm="x, Bearer y"', { scheme: "basic" }],
    ['Bearer realm="https://a/token"', { ...bearer, realm: "https://a/token" }],
    ["bearer REALM=https://a/token", { ...bearer, realm: "https://a/token" }],
    ["Bearer", undefined],
    [
      'Bearer realm="https://a/t",service="a b",scope="repository:o/r:pull,push repository:x:pull",error="insufficient_scope"',
      {
        scheme: "bearer",
        realm: "https://a/t",
        service: "a b",
        scopes: ["repository:o/r:pull,push", "repository:x:pull"],
      },
    ],
    [
      'Basic realm="r", Bearer realm="https://a", service="s"',
      { ...bearer, realm: "https://a", service: "s" },
    ],
    ['Bearer realm="https://a", Basic realm="r"', { ...bearer, realm: "https://a" }],
    ['Bearer realm = "q\\"t"', { ...bearer, realm: 'q"t' }],
  ];
  for (const [header, want] of cases) {
    it(`reads ${String(header)}`, () => {
      assert.deepEqual<unknown>(parseChallenge(header), want);
    });
  }

  it("takes no time on a hostile header", () => {
    assert.isUndefined(
      parseChallenge(`Bearer ${" ".repeat(15_000)}${"a,".repeat(5000)}${"=".repeat(2000)}`),
    );
  });
});
