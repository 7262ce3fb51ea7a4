import { assert } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { BytePath, Entry } from "../../src/oci/changeset.js";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import { prune } from "../../src/store/garbage.js";
import { ingestImage } from "../../src/store/image-ingest.js";
import { openStore } from "../../src/store/open-store.js";
import type { Store } from "../../src/store/store.js";
import { inUserNamespace } from "../contracts/snapshotter.js";
import { collect, oneFile, streamOf, TemporaryDirectory } from "./fixture.js";

function openRealStore(directory: string): Promise<Store> {
  const userNamespace = inUserNamespace();
  const openSnapshotter = openDirectorySnapshotter;
  return openStore({ root: join(directory, "store"), userNamespace, openSnapshotter });
}

const metadata = { mode: 0o755, uid: 1, gid: 2, mtime: 3 };
const entries: readonly Entry[] = [
  { type: "directory", path: "etc" as BytePath, ...metadata },
  { type: "opaque", path: "etc" as BytePath },
  {
    type: "symlink",
    path: "etc/link" as BytePath,
    target: "../x" as BytePath,
    ...metadata,
    mode: 0o777,
  },
  { type: "whiteout", path: "gone" as BytePath },
];

describe("the store with the directory snapshotter", () => {
  it("gives built layers back byte for byte, finds them by content, and prunes them", async () => {
    await using directory = await TemporaryDirectory.make();
    await using store = await openRealStore(directory.path);
    for (const changes of [entries, oneFile("a"), []]) {
      const adopt = async () => {
        await using draft = await store.snapshotter.ingest(changes);
        return await store.layers.adopt(draft, { origin: "built" });
      };
      const record = await adopt();
      assert.deepStrictEqual(await adopt(), record);
      const tar = await collect(store.layerBytes.tar(record));
      assert.deepStrictEqual(tar, await collect(writeLayerTar(changes)));
    }
    assert.lengthOf(await store.snapshotter.list(), 3);
    await prune(store);
    assert.deepStrictEqual(await store.snapshotter.list(), []);
  });

  it("shows a pulled image's layers, and closes with the view still mounted", async () => {
    await using directory = await TemporaryDirectory.make();
    const store = await openRealStore(directory.path);
    const tar = await collect(writeLayerTar([...entries, ...oneFile("a", { name: "hello" })]));
    const blob = gzipSync(tar);
    const layer = {
      mediaType: mediaTypes.layerGzip,
      digest: digestOf(blob),
      size: blob.byteLength,
    };
    const config = { mediaType: mediaTypes.config, digest: digestOf(""), size: 0 };
    const chain = await ingestImage(
      store,
      {
        name: "test",
        manifest: { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] },
        config: {
          architecture: "amd64",
          os: "linux",
          rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
        },
        source: { open: () => streamOf(blob) },
      },
      new AbortController().signal,
    );
    const root = await store.snapshotter.view(chain);
    assert.strictEqual(readFileSync(join(root, "hello"), "latin1"), "a");
    await store.close();
    assert.isFalse(existsSync(store.work));
    await using again = await openRealStore(directory.path);
    assert.deepStrictEqual(await again.layers.findChain([digestOf(tar)]), chain);
  });
});

/** Whether root here is an ordinary user outside. */
