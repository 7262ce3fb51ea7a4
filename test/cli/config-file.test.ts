import { assert } from "chai";
import { join } from "node:path";
import { readConfigFile, userConfiguration } from "../../src/cli/config-file.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";

describe("readConfigFile()", () => {
  const temporary = temporaryDirectory();
  const withFile = (text: string) => ({
    XDG_CONFIG_HOME: directoryWith(temporary, { "tsbuild/config.json": text }),
  });

  it("reads what is there, and nothing where there is no file", () => {
    const env = withFile('{ "registries": { "a": {} } }');
    assert.deepEqual(readConfigFile(env).registries, { a: {} });
    assert.deepEqual(readConfigFile({ XDG_CONFIG_HOME: temporary }).registries, {});
  });

  it("looks into XDG_CONFIG_HOME, else into .config at home", () => {
    assert.strictEqual(userConfiguration({ HOME: "/h", XDG_CONFIG_HOME: "/x" }), "/x");
    assert.strictEqual(userConfiguration({ HOME: "/h", XDG_CONFIG_HOME: "" }), "/h/.config");
  });

  it("names the file where a directory is in its place", async () => {
    const home = directoryWith(temporary, { "tsbuild/config.json/file": "" });
    const error = await failureOf(() => readConfigFile({ XDG_CONFIG_HOME: home }), "USAGE");
    const path = join(home, "tsbuild/config.json");
    assert.strictEqual(
      error.message,
      `Cannot use the configuration file "${path}": it is a directory`,
    );
  });

  const wrong: readonly (readonly [text: string, says: RegExp])[] = [
    ["{", /JSON/],
    ["[]", /: it is not a JSON object$/],
    ['{ "registry": {} }', /: there is no setting "registry"$/],
  ];
  for (const [text, says] of wrong) {
    it(`refuses ${text}`, async () => {
      const env = withFile(text);
      const error = await failureOf(() => readConfigFile(env), "USAGE");
      assert.match(error.message, says);
      assert.include(error.message, join(env.XDG_CONFIG_HOME, "tsbuild/config.json"));
    });
  }
});
