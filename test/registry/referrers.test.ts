import { assert } from "chai";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference } from "../../src/oci/reference.js";
import type { Stored } from "../../src/oci/resolved-image.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked } from "../oci/bytes.js";
import { makeImage } from "../oci/sample-image.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";
import { reply, startRogue } from "./rogue-server.js";

const image = makeImage("subject", parsePlatform("linux/amd64"));
const subject = image.manifest.descriptor;
const empty = Buffer.from("{}");
const nothing: Descriptor = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestOf(empty),
  size: empty.byteLength,
};

const newClient = () =>
  new RegistryClient({ credentials: () => Promise.resolve(undefined), retryDelays: [] });

/** A manifest that is about the image; its list entry says what it is. */
function about(name: string, artifactType?: string): Stored & { readonly entry: Descriptor } {
  const annotations = { name };
  const { mediaType, digest, size } = subject;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: nothing,
      layers: [],
      subject: { mediaType, digest, size },
      annotations,
    }),
  );
  const descriptor = {
    mediaType: mediaTypes.manifest,
    digest: digestOf(bytes),
    size: bytes.byteLength,
  };
  const type = artifactType ?? nothing.mediaType;
  return { descriptor, bytes, entry: { ...descriptor, artifactType: type, annotations } };
}

describe("N07 referrers", () => {
  let registry: RegistryServer;
  before(async () => {
    registry = await startRegistry();
  });
  after(() => registry[Symbol.asyncDispose]());

  it("are kept under a tag of docker-registry, which knows nothing of them", async () => {
    await using client = newClient();
    const reference = parseReference(`${registry.host}/signed:1`);
    const { registry: host, repository } = reference;
    for (const { descriptor, bytes } of [image.layer, image.config]) {
      await client.pushBlob(reference, descriptor, { open: () => chunked(bytes) });
    }
    await client.pushManifest(reference, image.manifest);
    assert.deepEqual(await client.referrers(reference, subject.digest), []);
    await client.pushBlob(reference, nothing, { open: () => chunked(empty) });
    const [signature, statement] = [about("signature", "application/x.signature"), about("sbom")];
    for (const stored of [signature, statement, signature]) {
      await client.pushManifest({ registry: host, repository }, stored);
    }
    const found = await client.referrers(reference, subject.digest);
    assert.deepEqual(found, [signature.entry, statement.entry]);
    const tag = subject.digest.replace(":", "-");
    const tagged = await client.head({ registry: host, repository, tag });
    assert.strictEqual(tagged.mediaType, mediaTypes.index);
  });

  it("are left to a registry that keeps the list itself, and read from all its pages", async () => {
    const [first, second] = [about("a"), about("b")];
    await using server = await startRogue(({ line }, response) => {
      if (line.startsWith("PUT")) {
        reply(response, 201, { headers: { "OCI-Subject": subject.digest } });
        return;
      }
      const isSecond = line.includes("page=2");
      const manifests = [(isSecond ? second : first).entry];
      const link = `</v2/app/referrers/${subject.digest}?page=2>; rel="next"`;
      const headers: Record<string, string> = isSecond ? {} : { Link: link };
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
      reply(response, 200, { headers, body: JSON.stringify(index) });
    });
    await using client = newClient();
    const reference = parseReference(`${server.host}/app`);
    await client.pushManifest(reference, first);
    assert.deepEqual(server.lines(), ["PUT /v2/app/manifests/latest"]);
    const found = await client.referrers(reference, subject.digest);
    assert.deepEqual(found, [first.entry, second.entry]);
  });

  it("that are no index are an error", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 200, { body: image.manifest.bytes });
    });
    await using client = newClient();
    const reading = client.referrers(parseReference(`${server.host}/app`), subject.digest);
    assert.include(
      (await failureOf(reading, "REGISTRY")).message,
      "its list of referrers is not an index",
    );
  });
});
