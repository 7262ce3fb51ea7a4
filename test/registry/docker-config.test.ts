import { assert } from "chai";
import { readDockerConfig } from "../../src/registry/docker-config.js";
import { failureOf } from "../oci/build-errors.js";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const alice = { kind: "password", username: "alice", password: "s:ecret" };

describe("readDockerConfig()", () => {
  const cases: readonly (readonly [name: string, entry: unknown, want: unknown])[] = [
    ["user and password in base64", { auth: base64("alice:s:ecret") }, alice],
    ["a password padded with zeros", { auth: base64("alice:s:ecret\0\0") }, alice],
    ["user and password in plain", { username: "alice", password: "s:ecret" }, alice],
    [
      "an identity token",
      { auth: base64("alice:"), identitytoken: "it" },
      { kind: "identity-token", token: "it" },
    ],
    ["a registry token", { registrytoken: "rt" }, { kind: "bearer", token: "rt" }],
    ["an empty entry, as credential stores leave it", {}, undefined],
    ["an auth without a colon", { auth: base64("alice") }, undefined],
    ["an entry that is none", "text", undefined],
    ["null", null, undefined],
  ];
  for (const [name, entry, want] of cases) {
    it(`reads ${name}`, () => {
      const text = JSON.stringify({ auths: { "ghcr.io": entry } });
      assert.deepEqual<unknown>(readDockerConfig(text, "config.json").auths.get("ghcr.io"), want);
    });
  }

  const keys = {
    "https://index.docker.io/v1/": "docker.io",
    "index.docker.io": "docker.io",
    "https://ghcr.io": "ghcr.io",
    "http://localhost:5000/v2/": "localhost:5000",
    "ghcr.io/": "ghcr.io",
  };
  for (const [key, host] of Object.entries(keys)) {
    it(`takes ${key} for ${host}`, () => {
      const text = JSON.stringify({
        auths: { [key]: { registrytoken: "t" } },
        credHelpers: { [key]: "x" },
      });
      const { auths, credHelpers } = readDockerConfig(text, "config.json");
      assert.deepEqual([...auths.keys(), ...credHelpers.keys()], [host, host]);
    });
  }

  const bob = { auth: base64("bob:other") };
  for (const others of [
    ["https://index.docker.io/v1/access-token", "https://index.docker.io/v1/refresh-token"],
    ["docker.io", "index.docker.io"],
  ]) {
    it(`prefers Docker's own key of Docker Hub to ${others.join(" and ")}`, () => {
      const own = ["https://index.docker.io/v1/", { auth: base64("alice:s:ecret") }] as const;
      const rest = others.map((key) => [key, bob] as const);
      for (const entries of [
        [own, ...rest],
        [...rest, own],
      ]) {
        const text = JSON.stringify({ auths: Object.fromEntries(entries) });
        assert.deepEqual<unknown>(readDockerConfig(text, "c.json").auths.get("docker.io"), alice);
      }
    });
  }

  it("refuses what is not JSON without quoting it", async () => {
    const error = await failureOf(() => readDockerConfig(`{"auth": "SECRET`, "c.json"), "AUTH");
    assert.strictEqual(error.message, `Cannot read Docker configuration "c.json": it is not JSON`);
    assert.isUndefined(error.cause);
  });
});
