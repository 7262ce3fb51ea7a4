import { assert } from "chai";
import { ImageFinder } from "../../src/cli/image-finder.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { readRegistries } from "../../src/registry/registry-settings.js";
import { makeImage } from "../oci/sample-image.js";
import { reply, startRogue, type Answer } from "../registry/rogue-server.js";
import { failure, temporaryStore } from "../store/fixture.js";

const platform = parsePlatform("linux/amd64");
const config = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [] } };

describe("ImageFinder", () => {
  it('S02 takes "FROM 0" and "FROM cafe" for names, whatever ids the store has', async () => {
    await using store = await temporaryStore();
    const bytes = Buffer.from(JSON.stringify(config));
    const id = digestOf(bytes);
    await store.blobs.writeWhole(bytes);
    await store.images.put({ id, createdAt: 0 }, []);
    const registry = () => Promise.reject(new Error("the registry is asked"));
    const warn = (message: string) => assert.fail(message);
    const finder = new ImageFinder({ store, registry, pull: false, warn });
    const { signal } = new AbortController();
    const hex = id.slice("sha256:".length);

    const found = await finder.resolve({ reference: hex.slice(0, 12), platform }, signal);
    assert.strictEqual(found.config.architecture, "amd64");
    const error: unknown = await finder
      .resolve({ reference: hex.slice(0, 4), platform }, signal)
      .catch((reason: unknown) => reason);
    assert.match(String(error), /the registry is asked/);
  });

  const image = makeImage("mirrored", platform);
  const { layer, config: configBlob, manifest } = image;

  /** A registry that gives the image, with other bytes of some parts. */
  function giving(lies: ReadonlyMap<string, Buffer> = new Map()): Answer {
    return ({ line }, response) => {
      const found = image.blobs.find(({ descriptor }) => line.includes(descriptor.digest));
      const { bytes, descriptor } = found ?? manifest;
      const body = lies.get(descriptor.digest) ?? bytes;
      reply(response, 200, { headers: { "Content-Type": descriptor.mediaType }, body });
    };
  }

  /** Pulls from a registry through mirrors; answers the warnings. */
  async function pullThrough(
    mirrors: readonly Answer[],
    origin: Answer,
  ): Promise<readonly string[]> {
    await using store = await temporaryStore();
    await using home = await startRogue(origin);
    const warnings: string[] = [];
    const open = await Promise.all(mirrors.map((answer) => startRogue(answer)));
    const hosts = open.map(({ host }) => host);
    const settings = { [home.host]: { mirrors: hosts } };
    await using client = new RegistryClient({
      credentials: () => Promise.resolve(undefined),
      registries: readRegistries(settings, "config.json"),
      retryDelays: [],
    });
    try {
      const registry = () => Promise.resolve(client);
      const warn = (message: string) => warnings.push(message);
      const finder = new ImageFinder({ store, registry, pull: true, warn });
      const { signal } = new AbortController();
      const found = await finder.remote(`${home.host}/app:1`, platform, signal);
      assert.lengthOf(await found.layers(() => undefined, signal), 1);
      return warnings.map((text) => hosts.reduce((t, host, i) => t.replace(host, `m${i}`), text));
    } finally {
      for (const server of open) await server[Symbol.asyncDispose]();
    }
  }

  const { digest } = layer.descriptor;
  const broken = Buffer.from(layer.bytes);
  broken.fill(0xff, 12, 20);
  const longer = Buffer.concat([layer.bytes, Buffer.from("x")]);
  const lies: readonly (readonly [what: string, bytes: Buffer, why: RegExp])[] = [
    ["damaged", broken, /Cannot (decompress gzip data|accept blob)/],
    ["cut off", layer.bytes.subarray(0, -1), /only \d+ of \d+ bytes|unexpected end/],
    ["too long", longer, /more than the promised/],
    ["something else", Buffer.alloc(layer.bytes.length), /Cannot /],
  ];
  for (const [what, bytes, why] of lies) {
    it(`N08 takes a layer from the next place that a mirror gives ${what}, and warns`, async () => {
      const lying = giving(new Map([[digest, bytes]]));
      const warnings = await pullThrough([lying, lying], giving());
      assert.lengthOf(warnings, 2);
      warnings.forEach((text, i) => {
        assert.match(text, new RegExp(`^Cannot use what mirror "m${i}" gave: `));
        assert.match(text, why);
      });
      const error = await failure(pullThrough([lying], lying));
      assert.match(error.message, why);
    });
  }

  it("N08 takes a config from the next place, too, and warns", async () => {
    const { descriptor, bytes } = configBlob;
    const lying = giving(new Map([[descriptor.digest, Buffer.from(`${String(bytes)} `)]]));
    const [warning, ...more] = await pullThrough([lying], giving());
    const found = `Cannot accept blob ${descriptor.digest}: got more`;
    assert.include(warning, `Cannot use what mirror "m0" gave: ${found}`);
    assert.deepStrictEqual(more, []);
  });
});
