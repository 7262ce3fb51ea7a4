import { assert } from "chai";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { mount, unmount } from "../../src/sys/mounts.js";
import type { ImageRecord } from "../../src/store/image-record.js";
import { digestOf } from "../../src/oci/digest.js";
import { failure, openTestStore, TemporaryDirectory } from "./fixture.js";

/** Writes until nothing fits any more. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "w");
  for (const size of [65536, 4096]) {
    while (
      await file.write(Buffer.alloc(size)).then(
        (r) => r.bytesWritten === size,
        () => false,
      )
    );
  }
}

describe("a full disk", () => {
  it("is one clear error, and what was stored before stays", async () => {
    await using directory = await TemporaryDirectory.make();
    mount({ source: "tmpfs", target: directory.path, type: "tmpfs", options: "size=2m" });
    {
      await using store = await openTestStore(directory.path);
      const image: ImageRecord = { id: digestOf("a"), createdAt: 0 };
      await store.images.put(image, ["web"]);
      await fill(join(directory.path, "filler"));
      const many = Array.from({ length: 500 }, (_, index) => `web:${index}`);
      for (const work of [
        () => store.blobs.writeWhole(Buffer.alloc(100_000)),
        () => store.images.put(image, many),
      ]) {
        assert.strictEqual((await failure(work())).code, "NO_SPACE");
      }
      assert.deepStrictEqual(store.images.get("web"), image);
    }
    unmount(directory.path);
  });
});
