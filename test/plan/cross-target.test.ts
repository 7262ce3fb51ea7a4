import { assert } from "chai";
import { parsePlatform } from "../../src/oci/platform.js";
import { crossTarget } from "../../src/plan/cross-target.js";

const cases: readonly (readonly [
  own: string,
  env: Readonly<Record<string, string>>,
  want: string | undefined,
])[] = [
  ["linux/amd64", {}, undefined],
  ["linux/amd64", { TARGETPLATFORM: "linux/amd64" }, undefined],
  ["linux/amd64", { TARGETPLATFORM: "linux/arm64" }, "arm64"],
  ["linux/amd64", { TARGETPLATFORM: "linux/arm/v6" }, "arm/v6"],
  ["linux/amd64", { TARGETPLATFORM: "windows/amd64" }, "windows/amd64"],
  ["linux/amd64", { TARGETPLATFORM: "mine" }, undefined],
  ["linux/amd64", { TARGETARCH: "arm64" }, "arm64"],
  ["linux/amd64", { TARGETARCH: "amd64", TARGETOS: "linux", TARGETVARIANT: "" }, undefined],
  ["linux/amd64", { TARGETOS: "freebsd" }, "freebsd/amd64"],
  ["linux/arm/v7", { TARGETARCH: "arm", TARGETVARIANT: "v6" }, "v6"],
  ["linux/arm/v7", { TARGETARCH: "arm", TARGETVARIANT: "v7" }, undefined],
];

describe("crossTarget()", () => {
  for (const [own, env, want] of cases) {
    it(`M04 is ${want ?? "nothing"} on ${own} with ${JSON.stringify(env)}`, () => {
      assert.strictEqual(crossTarget(parsePlatform(own), new Map(Object.entries(env))), want);
    });
  }
});
