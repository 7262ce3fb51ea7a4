import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { makeCertificate } from "../registry/certificates.js";
import { startRegistry, type RegistryServer } from "../registry/docker-registry.js";
import { baseLayout } from "./support/base-images.js";
import { stepsOf } from "./support/build-log.js";
import { inspect } from "./support/inspect.js";
import { describeForAccounts } from "./support/site.js";

function skopeo(...argv: readonly string[]): string {
  return execFileSync("skopeo", ["--insecure-policy", ...argv], {
    encoding: "utf8",
    stdio: "pipe",
  });
}

describeForAccounts("a registry", (site) => {
  let registry: RegistryServer;

  before(async () => {
    registry = await startRegistry();
  });

  after(async () => {
    await registry[Symbol.asyncDispose]();
  });

  it("is pushed to by a build, and skopeo reads what arrived", async () => {
    const name = `${registry.host}/team/app:1`;
    const context = site.context({ Dockerfile: "FROM busybox\nRUN echo pushed >/a\nLABEL k=v" });
    await site.ok(["-t", name, "--push", "--metadata-file", "meta.json", context]);
    const argv = ["inspect", "--tls-verify=false", `docker://${name}`];
    const seen = JSON.parse(skopeo(...argv)) as { Digest: string; Labels: unknown };
    assert.deepStrictEqual(seen.Labels, { k: "v" });
    assert.include((await site.ok(["push", name])).stdout, `digest: ${seen.Digest} `);
  });

  it("N04 N06 has layers mounted that it knows, and all tags pushed and pulled at once", async () => {
    const repository = `${registry.host}/other/app`;
    await site.ok(["tag", `${registry.host}/team/app:1`, `${repository}:1`]);
    await site.ok(["tag", `${registry.host}/team/app:1`, `${repository}:2`]);
    const plain = "--progress=plain";
    const first = await site.ok(["push", plain, `${repository}:1`]);
    assert.match(first.stderr, / sha256:[0-9a-f]{64} Mounted from team\/app /);
    assert.notInclude(first.stderr, "Pushed");
    const all = await site.ok(["push", plain, "-a", repository]);
    assert.match(all.stderr, / Layer already exists /);
    const line = "digest: sha256:[0-9a-f]{64} size: \\d+\n";
    const want = `^The push refers to repository \\[${repository}\\]\n1: ${line}2: ${line}$`;
    assert.match(all.stdout, new RegExp(want));
    await site.ok(["rmi", `${repository}:1`, `${repository}:2`]);
    const context = site.context({ Dockerfile: "FROM busybox\nRUN echo kept >/k" });
    await site.ok(["--cache-to", `type=registry,ref=${repository}:cache`, context]);
    const pulled = await site.ok(["pull", plain, "-a", repository]);
    const names = pulled.stdout.match(/(?<= for ).*/g) ?? [];
    assert.sameMembers(names, [`${repository}:1`, `${repository}:2`]);
    assert.match(pulled.stderr, /\d+ of \d+ tags are not of images, and left out, such as "cache/);
    assert.match((await site.tsbuild(["pull", "-a", `${repository}:1`])).stderr, /it names one/);
  });

  it("O11 is pushed to by digest, and the image is known under it", async () => {
    const name = `${registry.host}/team/digested`;
    const context = site.context({ Dockerfile: "FROM busybox\nRUN echo digested >/d" });
    const keys = "push-by-digest=true,name-canonical=true,registry.insecure=true,compression=zstd";
    const output = `type=registry,name=${name},${keys},force-compression=true`;
    await site.ok(["-o", output, "--metadata-file", "digest.json", context]);
    const metadata = JSON.parse(readFileSync(`${site.directory}/digest.json`, "utf8")) as {
      readonly "containerimage.digest": string;
      readonly "image.name": string;
    };
    const digest = metadata["containerimage.digest"];
    assert.include(metadata["image.name"].split(","), `${name}@${digest}`);
    const raw = skopeo("inspect", "--tls-verify=false", "--raw", `docker://${name}@${digest}`);
    const { layers } = JSON.parse(raw) as { readonly layers: readonly { mediaType: string }[] };
    assert.lengthOf(layers, 2);
    for (const { mediaType } of layers) assert.match(mediaType, /\+zstd$/);
    const tags = ["inspect", "--tls-verify=false", `docker://${name}:latest`];
    assert.throws(() => skopeo(...tags), /manifest unknown/, "no tag leads to it");
    assert.strictEqual(await site.look(`${name}@${digest}`, "cat /d"), "digested\n");
    await site.ok(["rmi", `${name}@${digest}`, name]);
    await site.ok(["pull", `${name}@${digest}`]);
  });

  it("gives the same image back", async () => {
    const name = `${registry.host}/team/app:1`;
    const { Id } = await inspect(site, name);
    await site.ok(["rmi", name]);
    const pulled = await site.ok(["pull", name]);
    assert.match(
      pulled.stdout,
      /^Digest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image for /,
    );
    assert.strictEqual((await inspect(site, name)).Id, Id);
    assert.strictEqual(await site.look(name, "cat /a"), "pushed\n");
    assert.match((await site.ok(["pull", name])).stdout, /Status: Image is up to date/);
  });

  it("has the base that skopeo pushed, which a build pulls once", async () => {
    const base = `${registry.host}/base:1`;
    const source = `oci:${baseLayout}:busybox`;
    skopeo("copy", "-q", "--dest-tls-verify=false", source, `docker://${base}`);
    const context = site.context({ Dockerfile: `FROM ${base}\nRUN echo on top >/top` });
    await site.ok(["-t", "ontop", context]);
    assert.strictEqual(await site.look("ontop", "cat /top"), "on top\n");
    assert.deepStrictEqual(await stepsOf(site, [context]), { "RUN echo on top >/top": "cached" });
  });

  it("F24 is asked again with --pull, and only then", async () => {
    const base = `${registry.host}/moving:1`;
    const push = async (text: string): Promise<void> => {
      const made = site.context({ Dockerfile: `FROM busybox\nRUN echo ${text} >/moving` });
      await site.ok(["-o", "type=oci,dest=moving.tar", made]);
      const archive = `oci-archive:${site.directory}/moving.tar`;
      skopeo("copy", "-q", "--dest-tls-verify=false", archive, `docker://${base}`);
    };
    const context = site.context({ Dockerfile: `FROM ${base}\nRUN cat /moving >/seen` });
    const build = async (...flags: string[]): Promise<string> => {
      await site.ok([...flags, "-t", "moved", context]);
      return await site.look("moved", "cat /seen");
    };
    await push("first");
    assert.strictEqual(await build(), "first\n");
    await push("second");
    assert.strictEqual(await build(), "first\n");
    assert.strictEqual(await build("--pull"), "second\n");
  });

  it("may ask for a name and a password", async () => {
    const login = { username: "me", password: "secret" };
    await using guarded = await startRegistry({ login });
    const name = `${guarded.host}/private:1`;
    await site.ok(["tag", "busybox", name]);
    const refused = await site.tsbuild(["push", name]);
    assert.strictEqual(refused.code, 1);
    assert.match(refused.stderr, /^ERROR: Cannot /m);
    const env = { DOCKER_CONFIG: `${site.directory}/docker` };
    const argv = ["login", "-u", "me", "--password-stdin", guarded.host];
    const { stdout } = await site.ok(argv, { env, input: "secret\n" });
    assert.strictEqual(stdout, "Login Succeeded\n");
    const { mode, uid } = statSync(`${site.directory}/docker/config.json`);
    assert.deepStrictEqual([mode & 0o777, uid], [0o600, site.account.uid]);
    await site.ok(["push", name], { env });
    await site.ok(["rmi", name]);
    await site.ok(["pull", name], { env });
    await site.ok(["logout", guarded.host], { env });
    const auths = { [guarded.host]: { auth: btoa("me:secret") } };
    await site.ok(["push", name], { env: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) } });
    // A helper that gives the password only to whom it belongs.
    site.write("helpers", {
      "docker-credential-own": `#!/bin/sh
[ "$(id -u)" = ${site.account.uid} ] || exit 1
echo '{"Username":"me","Secret":"secret"}'
`,
    });
    chmodSync(`${site.directory}/helpers/docker-credential-own`, 0o755);
    site.write("helped", { "config.json": '{"credsStore":"own"}' });
    const PATH = `${site.directory}/helpers:${process.env["PATH"] ?? ""}`;
    await site.ok(["pull", name], { env: { PATH, DOCKER_CONFIG: `${site.directory}/helped` } });
    assert.strictEqual((await site.tsbuild(["pull", name], { env })).code, 1);
  });

  it("N08 N09 is found through a mirror that wants a client certificate", async () => {
    const own = site.context({});
    const authority = await makeCertificate(own, "authority");
    const client = await makeCertificate(own, "client", authority);
    const tls = await makeCertificate(own, "server", authority);
    await using mirror = await startRegistry({ tls, clients: authority.certificate });
    const read = (file: string): string => readFileSync(file, "utf8");
    const mirrors = [`${mirror.host}/proxy`];
    site.write("config", {
      "tsbuild/config.json": JSON.stringify({ registries: { "example.invalid": { mirrors } } }),
      [`docker/certs.d/${mirror.host}/me.cert`]: read(client.certificate),
      [`docker/certs.d/${mirror.host}/me.key`]: read(client.key),
    });
    const env = { XDG_CONFIG_HOME: `${site.directory}/config` };
    await site.ok(["tag", "busybox", `${mirror.host}/proxy/org/base:1`]);
    await site.ok(["push", `${mirror.host}/proxy/org/base:1`], { env });
    assert.strictEqual((await site.tsbuild(["pull", "example.invalid/org/base:1"])).code, 1);
    const context = site.context({ Dockerfile: "FROM example.invalid/org/base:1\nLABEL a=b" });
    await site.ok([context], { env });
  });

  it("that does not exist is told of with the host and the reason", async () => {
    const { code, stderr } = await site.tsbuild(["pull", "127.0.0.1:1/a:1"]);
    assert.strictEqual(code, 1);
    assert.match(stderr, /^ERROR: Cannot .*127\.0\.0\.1:1/m);
  });
});
