import { assert } from "chai";
import { ImageFinder } from "../../src/cli/image-finder.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { temporaryStore } from "../store/fixture.js";

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
    const finder = new ImageFinder({ store, registry, pull: false });
    const { signal } = new AbortController();
    const hex = id.slice("sha256:".length);

    const found = await finder.resolve({ reference: hex.slice(0, 12), platform }, signal);
    assert.strictEqual(found.config.architecture, "amd64");
    const error: unknown = await finder
      .resolve({ reference: hex.slice(0, 4), platform }, signal)
      .catch((reason: unknown) => reason);
    assert.match(String(error), /the registry is asked/);
  });
});
