import { assert } from "chai";
import { mediaTypes, type Descriptor } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import { serializeDocument } from "../../../src/oci/image-json.js";
import { parseReference, type Reference } from "../../../src/oci/reference.js";
import { streamOf } from "../../../src/oci/stream-of.js";
import { storedConfig } from "../../../src/output/packed-image.js";
import { emptyDocument } from "../../../src/cache/remote/record.js";
import { failureOf } from "../../oci/build-errors.js";
import { RegistryClient } from "../../../src/registry/registry-client.js";
import { RegistryPlace } from "../../../src/cache/remote/registry-place.js";
import { describeCachePlace, type PlaceSite } from "../../contracts/cache-place.js";
import { startRegistry, type RegistryServer } from "../../registry/docker-registry.js";

const { signal } = new AbortController();

function openClient(): RegistryClient {
  return new RegistryClient({ credentials: () => Promise.resolve(undefined) });
}

/** Pushes a manifest without layers, whose config is there. */
async function pushManifest(reference: Reference, config: Descriptor): Promise<void> {
  const { manifest: mediaType } = mediaTypes;
  const bytes = serializeDocument({ schemaVersion: 2, mediaType, config, layers: [] });
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
  await using client = openClient();
  await client.pushManifest(reference, { bytes, descriptor });
}

describe("RegistryPlace", () => {
  let server: RegistryServer;
  let repositories = 0;

  before(async () => {
    server = await startRegistry();
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  function openSite(tag: string): Promise<PlaceSite> {
    const client = openClient();
    const reference = parseReference(`${server.host}/team/cache-${++repositories}:${tag}`);
    const platforms = [{ os: "linux", architecture: "amd64" }];
    return Promise.resolve({
      open: () =>
        new RegistryPlace({ reference, platforms, registry: () => Promise.resolve(client) }),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    });
  }

  const images = [
    { extra: {}, code: "INVALID_IMAGE", what: "it is an image without a cache in it" },
    {
      extra: { "moby.buildkit.cache.v0": "W10=" },
      code: "UNSUPPORTED",
      what: "its inline cache is of BuildKit, whose steps have other keys",
    },
  ] as const;
  for (const { extra, code, what } of images) {
    it(`K18 K20 says of an image that ${what}, and does not write over it`, async () => {
      const site = await openSite("image");
      await using place = site.open();
      const reference = parseReference(`${server.host}/team/cache-${repositories}:image`);
      const rootfs = { type: "layers", diff_ids: [] } as const;
      const config = storedConfig({ os: "linux", architecture: "amd64", rootfs, ...extra });
      const open = (): AsyncIterable<Uint8Array> => streamOf(config.bytes);
      await place.write(config.descriptor, { open, signal });
      await pushManifest(reference, config.descriptor);
      assert.strictEqual((await failureOf(place.latest(signal), code)).message, what);
      await failureOf(place.setLatest(emptyDocument, signal), "OUTPUT");
      await site[Symbol.asyncDispose]();
    });
  }

  it("K25 tells of a cache that BuildKit wrote", async () => {
    const site = await openSite("buildkit");
    await using place = site.open();
    const reference = parseReference(`${server.host}/team/cache-${repositories}:buildkit`);
    const content = Buffer.from("{}");
    const config = {
      mediaType: "application/vnd.buildkit.cacheconfig.v0",
      digest: digestOf(content),
      size: content.byteLength,
    };
    await place.write(config, { open: () => streamOf(content), signal });
    await pushManifest(reference, config);
    await failureOf(place.latest(signal), "UNSUPPORTED");
    await place.setLatest(emptyDocument, signal);
    assert.deepStrictEqual(await place.latest(signal), emptyDocument);
    await site[Symbol.asyncDispose]();
  });

  describeCachePlace("registry", () => openSite("cache"));
  describeCachePlace("registry, with the longest tag", () => openSite("t".repeat(128)));
});
