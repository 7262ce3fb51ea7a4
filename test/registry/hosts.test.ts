import { assert } from "chai";
import { apiHost, urlHost } from "../../src/registry/hosts.js";

describe("apiHost()", () => {
  it("knows where Docker Hub lives", () => {
    assert.deepEqual(["docker.io", "ghcr.io"].map(apiHost), ["registry-1.docker.io", "ghcr.io"]);
  });
});

describe("urlHost()", () => {
  it("gives one spelling to each host, and leaves nonsense alone", () => {
    const given = ["Reg.local:443", "reg.local:5000", "reg.local", "no host"];
    const want = ["reg.local", "reg.local:5000", "reg.local", "no host"];
    assert.deepEqual(given.map(urlHost), want);
  });
});
