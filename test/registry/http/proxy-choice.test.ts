import { assert } from "chai";
import { BuildError } from "../../../src/error.js";
import { proxyChoice } from "../../../src/registry/http/proxy-choice.js";

const both = { HTTP_PROXY: "http://plain:1", HTTPS_PROXY: "http://secure:2" };

describe("N12 proxyChoice()", () => {
  const cases: readonly (readonly [env: Record<string, string>, url: string, want?: string])[] = [
    [{}, "https://example.com/"],
    [both, "http://example.com/", "http://plain:1/"],
    [both, "https://example.com/", "http://secure:2/"],
    [{ https_proxy: "lower:3" }, "https://example.com/", "http://lower:3/"],
    [both, "http://localhost:5000/"],
    [both, "https://127.1.2.3/"],
    [both, "http://[::1]/"],
    [{ ...both, NO_PROXY: "*" }, "https://example.com/"],
    [{ ...both, NO_PROXY: "example.com" }, "https://example.com/"],
    [{ ...both, NO_PROXY: "example.com" }, "https://www.example.com/"],
    [{ ...both, NO_PROXY: "example.com" }, "https://notexample.com/", "http://secure:2/"],
    [{ ...both, NO_PROXY: ".example.com" }, "https://example.com/", "http://secure:2/"],
    [{ ...both, no_proxy: "a, .example.com" }, "https://www.example.com/"],
    [{ ...both, NO_PROXY: "example.com:8443" }, "https://example.com/", "http://secure:2/"],
    [{ ...both, NO_PROXY: "example.com:443" }, "https://example.com/"],
    [{ ...both, NO_PROXY: "10.1.0.0/16" }, "http://10.1.2.3/"],
    [{ ...both, NO_PROXY: "10.1.0.0/16" }, "http://10.2.2.3/", "http://plain:1/"],
    [{ ...both, NO_PROXY: "fd00::/8" }, "http://[fd00::1]:80/"],
    [{ ...both, NO_PROXY: "10.0.0.1/99" }, "http://10.0.0.1/", "http://plain:1/"],
  ];
  for (const [env, url, want] of cases) {
    it(`reaches ${url} through ${want ?? "nothing"} with ${JSON.stringify(env)}`, () => {
      assert.strictEqual(proxyChoice(env)(new URL(url))?.href, want);
    });
  }

  it("names the variable of a proxy that it cannot use, but not its password", () => {
    for (const proxy of [
      "http://user:secret@:x",
      "socks5://user:secret@host:1",
      "http://user:secret%zz@host:1",
    ]) {
      try {
        proxyChoice({ HTTPS_PROXY: proxy });
        assert.fail("it was taken");
      } catch (error) {
        assert.instanceOf(error, BuildError);
        assert.include(error.message, "HTTPS_PROXY");
        assert.notInclude(error.message, "secret");
      }
    }
  });
});
