import { assert } from "chai";
import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBytePath } from "../../src/oci/changeset.js";
import { SliceReader } from "../../src/oci/slice-reader.js";

describe("SliceReader", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-slices-"));
  const [bytes, other] = [randomBytes(3_000_000), randomBytes(50_000)];
  const path = toBytePath(join(folder, "one"));
  const otherPath = toBytePath(join(folder, "other"));
  writeFileSync(path, bytes);
  writeFileSync(otherPath, other);

  after(() => {
    rmSync(folder, { recursive: true });
  });

  function readAt(slices: SliceReader, from: typeof path, offset: number, size: number): Buffer {
    const to = Buffer.alloc(size + 3);
    const got = slices.read(from, offset, size, to, 3);
    return to.subarray(3, 3 + got);
  }

  it("gives the same bytes in whatever order parts of files are asked for", () => {
    const size = fc.integer({ min: 1, max: 200_000 });
    const behind = fc.record({ gap: fc.integer({ min: 0, max: 40_000 }), size });
    const elsewhere = fc.record({ offset: fc.nat(bytes.length), size, other: fc.boolean() });
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: behind }, elsewhere)), (asked) => {
        using slices = new SliceReader();
        let at = 0;
        for (const part of asked) {
          const isOther = "other" in part && part.other;
          const offset = "gap" in part ? at + part.gap : part.offset;
          const expected = (isOther ? other : bytes).subarray(offset, offset + part.size);
          const found = readAt(slices, isOther ? otherPath : path, offset, part.size);
          assert.isTrue(found.equals(expected), `${offset} ${part.size}`);
          at = offset + part.size;
        }
      }),
    );
  });

  it("reads only what there is of a file that ends too early", () => {
    using slices = new SliceReader();
    assert.strictEqual(readAt(slices, otherPath, 49_000, 500).length, 500);
    assert.strictEqual(readAt(slices, otherPath, 49_600, 1000).length, 400);
    assert.strictEqual(readAt(slices, otherPath, 60_000, 10).length, 0);
  });

  it("keeps no file open", () => {
    const open = (): readonly string[] =>
      readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          const target = readlinkSync(`/proc/self/fd/${fd}`);
          return target.startsWith(folder) ? [target] : [];
        } catch {
          return []; // that of the listing itself
        }
      });
    {
      using slices = new SliceReader();
      readAt(slices, path, 1, 10);
      readAt(slices, otherPath, 1, 10);
      assert.deepEqual(open(), [otherPath]);
    }
    assert.deepEqual(open(), []);
  });
});
