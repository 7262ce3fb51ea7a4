import { assert } from "chai";
import { isLoopback, webUrl } from "../../../src/registry/http/web-url.js";

describe("isLoopback()", () => {
  const cases = {
    localhost: true,
    "localhost:5000": true,
    "127.0.0.1:5000": true,
    "127.8.9.1": true,
    "[::1]:5000": true,
    "128.0.0.1": false,
    "127.0.0.1.example.com": false,
    "localhost.example.com:80": false,
    "docker.io": false,
  };
  for (const [host, want] of Object.entries(cases)) {
    it(`is ${want} for ${host}`, () => {
      assert.strictEqual(isLoopback(host), want);
    });
  }
});

describe("webUrl()", () => {
  it("resolves what a server names, and takes nothing but HTTP", () => {
    const base = new URL("http://a:1/v2/x?y");
    assert.strictEqual(webUrl("/up?s=1", base)?.href, "http://a:1/up?s=1");
    assert.strictEqual(webUrl("https://b/", base)?.href, "https://b/");
    for (const text of ["file:///etc/passwd", "http://", "javascript:1"]) {
      assert.isUndefined(webUrl(text, base), text);
    }
    assert.isUndefined(webUrl("relative"));
  });
});
