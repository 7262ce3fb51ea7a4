import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createGunzip, gunzipSync } from "node:zlib";
import { assert } from "chai";
import { gzipped, zstdCompressed } from "../../src/oci/compress.js";
import { decompressed } from "../../src/oci/compression.js";
import { failureOf } from "./build-errors.js";
import { BuildError } from "../../src/error.js";
import { chunked, collect } from "./bytes.js";

/** Several blocks of either format, the last one not full; some of it cannot be compressed. */
const mixed = Buffer.concat([
  Buffer.from(Array.from({ length: 300_000 }, (_, i) => `line ${i * i}\n`).join("")),
  randomBytes(2 << 20),
]);
const lines = mixed.subarray(0, 200_000);

const sizes = [
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from("a")],
  ["exactly one block", mixed.subarray(0, 1 << 20)],
  ["one byte more", mixed.subarray(0, (1 << 20) + 1)],
  ["many blocks", mixed],
] as const;

/** What the command makes of `input`. */
function piped(command: string, input: Uint8Array): Buffer {
  return execFileSync("sh", ["-c", command], { input, maxBuffer: 1 << 30 });
}

describe("gzipped()", () => {
  for (const [name, bytes] of sizes) {
    it(`is undone by gunzip, where it is ${name}`, async () => {
      const packed = await collect(gzipped(chunked(bytes, 70_000)));
      assert.isTrue(gunzipSync(packed).equals(bytes));
      assert.isTrue(piped("gzip -dc", packed).equals(bytes));
      assert.isTrue((await collect(decompressed(chunked(packed)))).equals(bytes));
    });
  }

  it("is a single member, for readers that take no second one", async () => {
    const python =
      "import sys,zlib; d=zlib.decompressobj(31); i=sys.stdin.buffer.read(); o=d.decompress(i); assert d.eof and not d.unused_data; sys.stdout.buffer.write(o)";
    const packed = await collect(gzipped(chunked(mixed)));
    assert.isTrue(piped(`python3 -c '${python}'`, packed).equals(mixed));
    const stream = createGunzip();
    stream.end(packed);
    await collect(stream);
    assert.strictEqual(stream.bytesWritten, packed.byteLength);
  });

  it("T06 gives the same bytes however its input is cut, with no time and no system in it", async () => {
    const one = await collect(gzipped(chunked(mixed, 1 << 22)));
    assert.isTrue(one.equals(await collect(gzipped(chunked(mixed, 7777)))));
    assert.strictEqual(one.toString("hex", 0, 10), "1f8b08000000000000ff");
  });

  it("T06 gives the same bytes with any number of threads", async () => {
    const here = await collect(gzipped(chunked(mixed, 1 << 20)));
    const script = `
      import { gzipped } from "./src/oci/compress.ts";
      for await (const chunk of gzipped(process.stdin)) process.stdout.write(chunk);`;
    for (const UV_THREADPOOL_SIZE of ["1", "7"]) {
      const there = execFileSync("node", ["--import", "tsx", "--input-type=module", "-e", script], {
        input: mixed,
        maxBuffer: 1 << 30,
        env: { ...process.env, UV_THREADPOOL_SIZE },
      });
      assert.isTrue(there.equals(here), `${UV_THREADPOOL_SIZE} threads`);
    }
  });

  it("loses less than half a percent to its blocks", async () => {
    const packed = await collect(gzipped(chunked(mixed)));
    assert.isBelow(packed.byteLength, piped("gzip -6c", mixed).byteLength * 1.005);
  });

  it("stores what is compressed already, block by block", async () => {
    const block = 1 << 20;
    const dense = randomBytes(2 * block);
    const text = Buffer.alloc(block, "the quick brown fox ");
    const packed = await collect(gzipped(chunked(Buffer.concat([dense, text, dense]))));
    assert.isTrue(gunzipSync(packed).equals(Buffer.concat([dense, text, dense])));
    assert.isTrue(packed.includes(dense.subarray(0, 1000)), "as it is");
    assert.isBelow(packed.byteLength, 4 * block * 1.001 + 10_000);
  });

  for (const level of [0, 1, 9]) {
    it(`O14 compresses at level ${level}`, async () => {
      const packed = await collect(gzipped(chunked(mixed), level));
      assert.isTrue(gunzipSync(packed).equals(mixed));
      const usual = await collect(gzipped(chunked(mixed)));
      if (level < 6) assert.isAbove(packed.byteLength, usual.byteLength);
      else assert.isBelow(packed.byteLength, usual.byteLength);
    });
  }
});

describe("zstdCompressed()", () => {
  for (const [name, bytes] of sizes) {
    it(`O14 is undone by zstd, where it is ${name}`, async () => {
      const packed = await collect(zstdCompressed(chunked(bytes, 70_000)));
      assert.isTrue(piped("zstd -dc", packed).equals(bytes));
      assert.isTrue((await collect(decompressed(chunked(packed)))).equals(bytes));
    });
  }

  it("T06 gives the same bytes however its input is cut", async () => {
    const one = await collect(zstdCompressed(chunked(mixed, 1 << 23)));
    assert.isTrue(one.equals(await collect(zstdCompressed(chunked(mixed, 7777)))));
  });

  it("O14 compresses more at a higher level", async () => {
    const fast = await collect(zstdCompressed(chunked(lines), 1));
    const small = await collect(zstdCompressed(chunked(lines), 19));
    assert.isBelow(small.byteLength, fast.byteLength);
  });
});

for (const [name, compress] of Object.entries({ gzipped, zstdCompressed })) {
  describe(`${name}() of a source that fails`, () => {
    it("throws what the source threw", async () => {
      const own = new BuildError("DIGEST_MISMATCH", "Cannot accept blob");
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixed, 1 << 20);
        throw own;
      }
      assert.strictEqual(await failureOf(collect(compress(broken())), "DIGEST_MISMATCH"), own);
    });

    it("closes the source when the reader leaves early", async () => {
      let closed = false;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* chunked(mixed, 1000);
        } finally {
          closed = true;
        }
      }
      for await (const _ of compress(watched())) break;
      // gzip's header comes before anything is read
      for await (const chunk of compress(watched())) if (chunk.byteLength > 10) break;
      assert.isTrue(closed);
    });
  });
}
