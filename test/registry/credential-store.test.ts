import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "chai";
import { CredentialStore, dockerCredentials } from "../../src/registry/credentials.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";

/** A helper that keeps what it is given in a directory of its own, one file for each server. */
const helper = `#!/bin/sh
cd "\${0%/*}/kept" || exit 1
case "$1" in
  store) read -r text; server=\${text#*ServerURL\\":\\"}; server=\${server%%\\"*}
    printf '%s\\n' "$text" >"$(echo "$server" | tr / _)" ;;
  *) read -r server || :; file=$(echo "$server" | tr / _)
    [ -f "$file" ] || { echo 'credentials not found in native keychain'; exit 1; }
    if [ "$1" = get ]; then cat "$file"; else rm "$file"; fi ;;
esac
`;

const alice = { kind: "password", username: "alice", password: "s:ecret" } as const;
const token = { kind: "identity-token", token: "R", username: "alice" } as const;

describe("N01 CredentialStore", () => {
  const temporary = temporaryDirectory();
  const path = process.env["PATH"];
  let directory: string;
  let file: string;

  beforeEach(async () => {
    directory = directoryWith(temporary, { "docker-credential-keep": helper });
    file = join(directory, "config.json");
    await mkdir(join(directory, "kept"));
    await chmod(join(directory, "docker-credential-keep"), 0o755);
    process.env["PATH"] = `${directory}:${path ?? ""}`;
  });
  afterEach(() => {
    process.env["PATH"] = path;
  });

  const open = () => new CredentialStore(file, (text) => writeFile(file, text));
  const find = (registry: string) => dockerCredentials(file)(registry);

  it("starts a file as Docker writes it", async () => {
    assert.strictEqual(await open().keep("docker.io", alice), "file");
    const auth = Buffer.from("alice:s:ecret").toString("base64");
    const want = { auths: { "https://index.docker.io/v1/": { auth } } };
    assert.strictEqual(await readFile(file, "utf8"), JSON.stringify(want, undefined, "\t"));
    assert.deepStrictEqual<unknown>(await find("docker.io"), alice);
  });

  it("leaves all else in the file as it is, its order and its indentation too", async () => {
    const before = {
      psFormat: "x",
      auths: { "https://ghcr.io/v1/": { auth: "b2xkOm9sZA==", email: "e" }, "quay.io": {} },
      plugins: { a: { b: [1, 2] } },
    };
    await writeFile(file, JSON.stringify(before, undefined, 4));
    await open().keep("ghcr.io", alice);
    const auth = Buffer.from("alice:s:ecret").toString("base64");
    const after = { ...before, auths: { "quay.io": {}, "ghcr.io": { auth } } };
    assert.strictEqual(await readFile(file, "utf8"), JSON.stringify(after, undefined, 4));
    assert.isTrue(await open().forget("ghcr.io"));
    const rest = { ...before, auths: { "quay.io": {} } };
    assert.strictEqual(await readFile(file, "utf8"), JSON.stringify(rest, undefined, 4));
    assert.isFalse(await open().forget("ghcr.io"));
  });

  it("keeps an identity token beside the name, without a password", async () => {
    await open().keep("ghcr.io", token);
    const auth = Buffer.from("alice:").toString("base64");
    const { auths } = JSON.parse(await readFile(file, "utf8")) as { auths: unknown };
    assert.deepStrictEqual(auths, { "ghcr.io": { auth, identitytoken: "R" } });
    assert.deepStrictEqual<unknown>(await find("ghcr.io"), { kind: "identity-token", token: "R" });
  });

  const configs = {
    credsStore: { credsStore: "keep" },
    credHelpers: { credHelpers: { "ghcr.io": "keep" } },
  };
  for (const [name, config] of Object.entries(configs)) {
    it(`gives credentials to the helper of ${name}, and the file an empty entry`, async () => {
      await writeFile(file, JSON.stringify(config));
      for (const login of [alice, token]) {
        assert.strictEqual(await open().keep("ghcr.io", login), "helper");
        assert.notInclude(await readFile(file, "utf8"), "ecret");
        const { username: _, ...bare } = token;
        assert.deepStrictEqual<unknown>(await find("ghcr.io"), login === alice ? alice : bare);
      }
      const { auths } = JSON.parse(await readFile(file, "utf8")) as { auths: unknown };
      assert.deepStrictEqual(auths, { "ghcr.io": {} });
      assert.isTrue(await open().forget("ghcr.io"));
      assert.isUndefined(await find("ghcr.io"));
      assert.isFalse(await open().forget("ghcr.io"));
    });
  }

  it("calls Docker Hub by its old name towards a helper", async () => {
    await writeFile(file, JSON.stringify({ credsStore: "keep" }));
    await open().keep("docker.io", alice);
    const kept = await readFile(join(directory, "kept/https:__index.docker.io_v1_"), "utf8");
    assert.deepStrictEqual(JSON.parse(kept), {
      ServerURL: "https://index.docker.io/v1/",
      Username: "alice",
      Secret: "s:ecret",
    });
  });

  it("touches no file that is not JSON, and quotes nothing of it", async () => {
    await writeFile(file, "{ secret");
    for (const action of [() => open().keep("ghcr.io", alice), () => open().forget("ghcr.io")]) {
      assert.notInclude((await failureOf(action(), "AUTH")).message, "secret");
    }
    assert.strictEqual(await readFile(file, "utf8"), "{ secret");
  });

  it("says of a helper that fails so, without the password", async () => {
    await writeFile(file, JSON.stringify({ credsStore: "none" }));
    const error = await failureOf(open().keep("ghcr.io", alice), "AUTH");
    const want =
      'Cannot keep credentials for "ghcr.io" with docker-credential-none: it is not installed';
    assert.strictEqual(error.message, want);
  });
});
