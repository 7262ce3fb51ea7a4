import { assert } from "chai";
import { userInfo } from "node:os";
import { join } from "node:path";
import { dockerConfigPath } from "../../src/cli/docker-config-path.js";
import { given } from "../../src/cli/environment.js";
import { storeRoot } from "../../src/cli/store-root.js";

describe("given()", () => {
  it("takes an empty variable for one that is not set", () => {
    assert.strictEqual(given({ A: "a" }, "A"), "a");
    assert.isUndefined(given({ A: "" }, "A"));
    assert.isUndefined(given({}, "A"));
  });
});

describe("storeRoot()", () => {
  const rootOf = (env: Readonly<Record<string, string>>, user = true): string =>
    storeRoot({ env, cwd: "/here" }, { user });

  it("is TSBUILD_ROOT, else below XDG_DATA_HOME, else at home", () => {
    const env = { HOME: "/h", XDG_DATA_HOME: "/x", TSBUILD_ROOT: "/r" };
    assert.strictEqual(rootOf(env), "/r");
    assert.strictEqual(rootOf({ ...env, TSBUILD_ROOT: "r" }), "/here/r");
    assert.strictEqual(rootOf({ ...env, TSBUILD_ROOT: "" }), "/x/tsbuild");
    assert.strictEqual(rootOf({ HOME: "/h", XDG_DATA_HOME: "" }), "/h/.local/share/tsbuild");
    assert.strictEqual(rootOf({ HOME: "" }), join(userInfo().homedir, ".local/share/tsbuild"));
  });

  it("is the system's where root is root", () => {
    assert.strictEqual(rootOf({ HOME: "/h" }, false), "/var/lib/tsbuild");
  });
});

describe("dockerConfigPath()", () => {
  it("is in DOCKER_CONFIG, else at home, and never where the user happens to be", () => {
    assert.strictEqual(dockerConfigPath({ HOME: "/h", DOCKER_CONFIG: "/d" }), "/d/config.json");
    const empty = dockerConfigPath({ HOME: "/h", DOCKER_CONFIG: "" });
    assert.strictEqual(empty, "/h/.docker/config.json");
  });
});
