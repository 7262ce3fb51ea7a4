import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { assert } from "chai";
import { ociLayoutFiles } from "../../src/oci/archive-files.js";
import { decompressed } from "../../src/oci/compression.js";
import { digestOf } from "../../src/oci/digest.js";
import { blobPath, readImageLayout } from "../../src/oci/image-layout.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference, type Reference } from "../../src/oci/reference.js";
import type { Credentials } from "../../src/registry/docker-config.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { unreachable } from "../../src/registry/registry-error.js";
import { Transport } from "../../src/registry/http/transport.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { indexFor, makeImage, type SampleBlob } from "../oci/sample-image.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";

const run = promisify(execFile);
const login = { username: "alice", password: "s:ecret" };
const amd64 = parsePlatform("linux/amd64");
const arm64 = parsePlatform("linux/arm64");
const intel = makeImage("intel", amd64);
const arm = makeImage("arm", arm64);
const index = indexFor([intel, arm]);

const newClient = (credentials?: Credentials) =>
  new RegistryClient({ credentials: () => Promise.resolve(credentials), retryDelays: [] });

async function pushIndex(client: RegistryClient, reference: Reference): Promise<void> {
  const { tag: _, ...byDigest } = reference;
  for (const { layer, config, manifest } of [intel, arm]) {
    for (const { descriptor, bytes } of [layer, config]) {
      await client.pushBlob(reference, descriptor, { open: () => chunked(bytes, 100) });
    }
    await client.pushManifest(byDigest, manifest);
  }
  await client.pushManifest(reference, index);
}

describe("RegistryClient with docker-registry", () => {
  let server: RegistryServer;
  before(async () => {
    server = await startRegistry();
  });
  after(() => server[Symbol.asyncDispose]());

  const named = (name: string) => parseReference(`${server.host}/${name}`);

  it("pushes an image for two platforms that skopeo reads", async () => {
    await using client = newClient();
    await pushIndex(client, named("org/pushed:1"));
    const name = `docker://${server.host}/org/pushed:1`;
    const flags = ["--tls-verify=false", "--override-arch", "arm64"];
    const { stdout } = await run("skopeo", ["inspect", ...flags, name]);
    assert.include(stdout, '"name": "arm"');
    const directory = await mkdtemp(join(tmpdir(), "tsbuild-skopeo-"));
    try {
      const to = `oci:${directory}:all`;
      await run("skopeo", ["copy", "-q", "--src-tls-verify=false", "--all", name, to]);
      const found = await readImageLayout({ path: directory }, amd64);
      assert.strictEqual(found.root.descriptor.digest, index.descriptor.digest);
      assert.strictEqual(found.manifest.descriptor.digest, intel.manifest.descriptor.digest);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("pulls what skopeo pushed, in OCI's and in Docker's form", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tsbuild-skopeo-"));
    try {
      await writeLayout(directory);
      for (const format of ["oci", "v2s2"]) {
        const to = `docker://${server.host}/skopeo/${format}:1`;
        const flags = ["-q", "--dest-tls-verify=false", "--format", format];
        await run("skopeo", ["copy", ...flags, `oci:${directory}:latest`, to]);
        await using client = newClient();
        const image = await client.image(named(`skopeo/${format}:1`), amd64);
        assert.deepEqual(image.config.value.config?.Labels, { name: "intel" });
        const [layer] = image.manifest.value.layers;
        assert.isDefined(layer);
        const tar = await collect(decompressed(client.blob(named(`skopeo/${format}`), layer)));
        assert.strictEqual(digestOf(tar), image.config.value.rootfs.diff_ids[0]);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("pulls the image for a platform, by tag and by digest", async () => {
    await using client = newClient();
    await pushIndex(client, named("both"));
    const tagged = await client.image(named("both"), arm64);
    assert.deepEqual(tagged.config.value.config?.Labels, { name: "arm" });
    assert.strictEqual(tagged.root.descriptor.digest, index.descriptor.digest);
    const { digest } = intel.manifest.descriptor;
    const pinned = await client.image(named(`both@${digest}`), amd64);
    assert.deepEqual(pinned.config.value.config?.Labels, { name: "intel" });
    assert.deepEqual(await client.head(named("both")), index.descriptor);
  });

  it("uploads a blob once and has other repositories take it from there", async () => {
    await using client = newClient();
    const bytes = Buffer.from("a layer");
    const blob: SampleBlob["descriptor"] = { mediaType: "x", digest: digestOf(bytes), size: 7 };
    const open = () => chunked(bytes);
    assert.strictEqual(await client.pushBlob(named("first"), blob, { open }), "uploaded");
    assert.strictEqual(await client.pushBlob(named("first"), blob, { open }), "present");
    const mounting = { open, mountFrom: "first" };
    assert.strictEqual(await client.pushBlob(named("second"), blob, mounting), "mounted");
    assert.deepEqual(await collect(client.blob(named("second"), blob)), bytes);
  });

  it("uploads an empty blob", async () => {
    await using client = newClient();
    const blob: SampleBlob["descriptor"] = { mediaType: "x", digest: digestOf(""), size: 0 };
    const open = () => chunked(Buffer.alloc(0));
    assert.strictEqual(await client.pushBlob(named("empty"), blob, { open }), "uploaded");
  });

  it("reports what the registry has against a manifest whose parts are missing", async () => {
    await using client = newClient();
    const error = await failureOf(client.pushManifest(named("halves"), intel.manifest), "REGISTRY");
    assert.match(error.message, /^Cannot push "[^"]*\/halves:latest": .*status 400 \(blob unknown/);
  });

  it("says that an image is not there", async () => {
    await using client = newClient();
    const error = await failureOf(client.resolve(named("missing:7")), "IMAGE_NOT_FOUND");
    const name = `${server.host}/missing:7`;
    assert.include(error.message, `Cannot pull "${name}": not found in the registry`);
  });
});

describe("RegistryClient with docker-registry behind TLS and a password", () => {
  let server: RegistryServer;
  before(async () => {
    server = await startRegistry({ login, tls: true });
  });
  after(() => server[Symbol.asyncDispose]());

  it("logs in, and prefers TLS where it is offered", async () => {
    await using client = newClient({ kind: "password", ...login });
    const reference = parseReference(`${server.host}/private`);
    await pushIndex(client, reference);
    assert.deepEqual((await client.resolve(reference)).descriptor, index.descriptor);
  });

  for (const password of [undefined, "wrong"]) {
    it(`denies access ${password === undefined ? "to strangers" : "with a wrong password"}`, async () => {
      const { username } = login;
      await using client = newClient(
        password === undefined ? undefined : { kind: "password", username, password },
      );
      const reference = parseReference(`${server.host}/private`);
      const error = await failureOf(client.resolve(reference), "AUTH");
      assert.include(error.message, "access denied");
      assert.include(error.hint ?? "", `tsbuild login ${server.host}`);
      assert.notInclude(error.message, "wrong");
    });
  }

  it("trusts the authorities it is given, and no unknown one", async () => {
    const url = new URL(`https://${server.host}/v2/`);
    const trusting = new Transport({ ca: server.ca, isInsecure: () => false });
    const strict = new Transport({ isInsecure: () => false });
    try {
      assert.strictEqual((await trusting.send({ method: "HEAD", url })).statusCode, 401);
      const error = await strict.send({ method: "HEAD", url }).catch((error: unknown) => error);
      assert.strictEqual(unreachable(server.host, error).message, untrusted(server.host));
    } finally {
      trusting.close();
      strict.close();
    }
  });
});

function untrusted(host: string): string {
  const why = "its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)";
  return `Cannot reach registry "${host}": ${why}`;
}

/** An image layout with the image "intel" as its latest. */
async function writeLayout(directory: string): Promise<void> {
  const files = [
    ...intel.blobs.map(({ descriptor, bytes }) => ({ path: blobPath(descriptor.digest), bytes })),
    ...ociLayoutFiles([{ names: [parseReference("app")], root: intel.manifest.descriptor }]),
  ];
  for (const { path, bytes } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
}
