import { assert } from "chai";
import { gzipSync } from "node:zlib";
import { newestFile } from "../../../src/context/remote/newest-file.js";
import { writeLayerTar } from "../../../src/oci/layer-tar.js";
import { collect } from "../../oci/bytes.js";
import { directory, file } from "../../oci/entries.js";

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

const archive = collect(
  writeLayerTar([
    directory("a", { mtime: 9000 }),
    file("a/old", "", { mtime: 1000 }),
    file("a/young", "", { mtime: 3000 }),
    file("b", "", { mtime: 2000 }),
  ]),
);

describe("newestFile()", () => {
  it("T02 is the time of the newest file, whatever directories say", async () => {
    assert.strictEqual(await newestFile(bytesOf(await archive)), 3000);
  });

  it("T02 reads what is compressed", async () => {
    assert.strictEqual(await newestFile(bytesOf(gzipSync(await archive))), 3000);
  });

  const none = [
    ["text", Buffer.from("FROM scratch\n")],
    ["nothing", Buffer.alloc(0)],
    ["an empty archive", Buffer.alloc(1024)],
    ["a page longer than a block", Buffer.from("<html>".repeat(500))],
  ] as const;
  for (const [what, bytes] of none) {
    it(`T02 is not known of ${what}`, async () => {
      assert.isUndefined(await newestFile(bytesOf(bytes)));
    });
  }

  it("T02 is not known of a broken archive", async () => {
    assert.isUndefined(await newestFile(bytesOf((await archive).subarray(0, 700))));
  });
});
