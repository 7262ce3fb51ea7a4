import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "chai";
import { credentialsIn, dockerCredentials } from "../../src/registry/credentials.js";
import { BuildError } from "../../src/error.js";
import { failureOf } from "../oci/build-errors.js";

/** A helper that knows three registries, and answers nonsense or fails for two others. */
const helper = `#!/bin/sh
read -r host
case "$1 $host" in
  "get ghcr.io") echo '{"ServerURL":"x","Username":"alice","Secret":"s"}' ;;
  "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"refresh"}' ;;
  "get odd.io") echo 'SECRET' ;;
  "get locked.io") echo 'SECRET'; exit 3 ;;
  *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
`;

describe("dockerCredentials()", () => {
  let directory: string;
  const path = process.env["PATH"];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tsbuild-config-"));
    await writeFile(join(directory, "docker-credential-test"), helper);
    await chmod(join(directory, "docker-credential-test"), 0o755);
    process.env["PATH"] = `${directory}:${path ?? ""}`;
  });
  afterEach(async () => {
    process.env["PATH"] = path;
    await rm(directory, { recursive: true });
  });

  async function source(config: unknown) {
    const file = join(directory, "config.json");
    await writeFile(file, JSON.stringify(config));
    return dockerCredentials(file);
  }

  it("is anonymous where there is no file", async () => {
    const credentials = dockerCredentials(join(directory, "missing.json"));
    assert.isUndefined(await credentials("ghcr.io"));
  });

  it("asks the helper of all registries", async () => {
    const credentials = await source({ credsStore: "test", auths: { "ghcr.io": {} } });
    const alice = { kind: "password", username: "alice", password: "s" };
    assert.deepEqual<unknown>(await credentials("ghcr.io"), alice);
  });

  it("asks the helper of one registry, Docker Hub by its old name", async () => {
    const credentials = await source({ credHelpers: { "docker.io": "test" } });
    const token = { kind: "identity-token", token: "refresh" };
    assert.deepEqual<unknown>(await credentials("docker.io"), token);
    assert.isUndefined(await credentials("ghcr.io"));
  });

  it("looks into the file for what the helper does not know", async () => {
    const auths = { "quay.io": { registrytoken: "t" } };
    const credentials = await source({ credsStore: "test", auths });
    assert.deepEqual<unknown>(await credentials("quay.io"), { kind: "bearer", token: "t" });
    assert.isUndefined(await credentials("other.io"));
  });

  it("has a launcher start the helper, and tells the launcher's failure to find one", async () => {
    const file = join(directory, "config.json");
    await writeFile(file, JSON.stringify({ credsStore: "test", credHelpers: { "a.io": "none" } }));
    const credentials = dockerCredentials(file, ["env"]);
    assert.strictEqual((await credentials("ghcr.io"))?.kind, "password");
    const error = await failureOf(credentials("a.io"), "AUTH");
    assert.include(error.message, "docker-credential-none: it is not installed");
  });

  const failing = [
    { store: "test", host: "odd.io", why: "its answer is not JSON" },
    { store: "test", host: "locked.io", why: "it ended with 3" },
    { store: "missing", host: "ghcr.io", why: "it is not installed" },
    { store: "../test", host: "ghcr.io", why: "it is not a program name" },
  ];
  for (const { store, host, why } of failing) {
    it(`fails for ${host} with docker-credential-${store}: ${why}`, async () => {
      const error = await failureOf((await source({ credsStore: store }))(host), "AUTH");
      assert.include(error.message, `docker-credential-${store}: ${why}`);
      assert.notInclude(error.message, "SECRET");
    });
  }
});

describe("credentialsIn()", () => {
  const ours = { kind: "password", username: "a", password: "b" } as const;
  const theirs = { kind: "bearer", token: "t" } as const;
  const otherwise = () => Promise.resolve(theirs);

  it("looks into the variable first", async () => {
    const auths = { "https://ghcr.io/v1/": { auth: btoa("a:b") }, "quay.io": {} };
    const text = JSON.stringify({ auths, credsStore: "none-such" });
    const credentials = credentialsIn("DOCKER_AUTH_CONFIG", text, otherwise);
    assert.deepEqual(await credentials("ghcr.io"), ours);
    assert.deepEqual(await credentials("quay.io"), theirs);
  });

  it("says that it is not JSON, and nothing of its text", () => {
    const read = () => credentialsIn("DOCKER_AUTH_CONFIG", "secret", otherwise);
    const message = 'Cannot read Docker configuration "DOCKER_AUTH_CONFIG": it is not JSON';
    assert.throws(read, BuildError, new RegExp(`^${message}$`));
  });
});
