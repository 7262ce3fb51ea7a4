import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { assert } from "chai";
import fc from "fast-check";
import { BuildError } from "../../src/error.js";
import { decompressed } from "../../src/oci/compression.js";
import { failureOf } from "./build-errors.js";
import { chunked, collect } from "./bytes.js";

const text = Buffer.from(randomBytes(200_000).toString("base64"));
const half = text.subarray(0, 100_000);
const rest = text.subarray(100_000);
const skippable = Buffer.from([0x51, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

/** What the command makes of `input`. */
function piped(command: string, input: Uint8Array): Buffer {
  return execFileSync("sh", ["-c", command], { input, maxBuffer: 1 << 30 });
}

/** With other bytes in its middle. */
function replaced(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes).fill(0x55, 5000, 5100);
}

const zstd = piped("zstd -qc", text);
const bzip2 = piped("bzip2 -c", text);
const xz = piped("xz -c", text);

describe("decompressed()", () => {
  const cases: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
    ["plain bytes", text, text],
    ["nothing", Buffer.alloc(0), Buffer.alloc(0)],
    ["less than any magic", Buffer.from([0x1f]), Buffer.from([0x1f])],
    ["gzip", gzipSync(text), text],
    ["gzip with a name and a time", piped("f=$(mktemp); cat >$f; gzip -c $f; rm $f", text), text],
    ["gzip of two members", Buffer.concat([gzipSync(half), gzipSync(rest)]), text],
    ["gzip of an empty file", gzipSync(""), Buffer.alloc(0)],
    ["zstd", zstd, text],
    ["zstd at its highest level", piped("zstd -19 -qc", text), text],
    ["zstd of three frames, one to be skipped", frames(), text],
    ["zstd that begins with a frame to be skipped", Buffer.concat([skippable, zstd]), text],
    ["zstd without a checksum", piped("zstd -qc --no-check", text), text],
    ["zstd of frames of a few bytes", tiny(), Buffer.from("abcde")],
    ["zstd of an empty file", piped("zstd -qc", Buffer.alloc(0)), Buffer.alloc(0)],
    ["bzip2", bzip2, text],
    ["bzip2 with small blocks", piped("bzip2 -1c", text), text],
    [
      "bzip2 of two streams",
      Buffer.concat([piped("bzip2 -c", half), piped("bzip2 -c", rest)]),
      text,
    ],
    ["bzip2 of an empty file", piped("bzip2 -c", Buffer.alloc(0)), Buffer.alloc(0)],
    [
      "bzip2 of what repeats",
      piped("bzip2 -c", Buffer.alloc(3_000_000, "ab")),
      Buffer.alloc(3_000_000, "ab"),
    ],
    ["xz", xz, text],
    ["xz at its highest level", piped("xz -9ec", text), text],
    ["xz without a checksum", piped("xz --check=none -c", text), text],
    ["xz of several blocks", piped("xz -T2 --block-size=70000 -c", text), text],
    [
      "xz of two streams and padding",
      Buffer.concat([piped("xz -c", half), Buffer.alloc(8), piped("xz -c", rest)]),
      text,
    ],
    ["xz of an empty file", piped("xz -c", Buffer.alloc(0)), Buffer.alloc(0)],
    [
      "a tar whose first name looks like bzip2",
      Buffer.from("BZh1.txt\0\0\0"),
      Buffer.from("BZh1.txt\0\0\0"),
    ],
  ];
  for (const [name, given, want] of cases) {
    for (const length of [1, 1000, 1 << 20]) {
      if (length === 1 && given.byteLength > 200_000) continue;
      it(`reads ${name} in chunks of ${length}`, async () => {
        const got = await collect(decompressed(chunked(given, length)));
        assert.isTrue(got.equals(want), `${got.byteLength} bytes`);
      });
    }
  }

  const flipped = Buffer.from(gzipSync(text));
  flipped.fill(0xff, 5000, 5100);
  const corrupt: readonly (readonly [string, Uint8Array])[] = [
    ["gzip that ends early", gzipSync(text).subarray(0, 9000)],
    ["gzip with wrong bytes inside", flipped],
    [
      "gzip with a wrong checksum",
      Buffer.concat([gzipSync(text).subarray(0, -8), Buffer.alloc(8)]),
    ],
    ["zstd that ends early", zstd.subarray(0, 9000)],
    ["zstd with a wrong checksum", Buffer.concat([zstd.subarray(0, -4), Buffer.alloc(4)])],
    ["zstd without its checksum", zstd.subarray(0, -4)],
    ["zstd whose first frame has a wrong checksum", wrongFirst()],
    ["zstd that is only a magic", zstd.subarray(0, 4)],
    ["bzip2 that ends early", bzip2.subarray(0, 9000)],
    ["bzip2 without its end", bzip2.subarray(0, -5)],
    ["bzip2 with wrong bytes inside", replaced(bzip2)],
    ["bzip2 with something behind it", Buffer.concat([bzip2, Buffer.from("junk")])],
    ["xz that ends early", xz.subarray(0, 9000)],
    ["xz that is only a magic", xz.subarray(0, 6)],
    ["xz with wrong bytes inside", replaced(xz)],
    ["xz with something behind it", Buffer.concat([xz, Buffer.from("junk")])],
    ["zstd with wrong bytes inside", Buffer.concat([zstd.subarray(0, 6), randomBytes(500)])],
  ];
  for (const [name, given] of corrupt) {
    it(`refuses ${name}`, async () => {
      const error = await failureOf(collect(decompressed(chunked(given))), "INVALID_ARCHIVE");
      assert.match(error.message, /^Cannot decompress (bzip2|gzip|xz|zstd) data: /);
    });
  }

  for (const [option, says] of [
    ["--check=sha256", "SHA-256"],
    ["--x86 --lzma2", "filter"],
    ["--lzma2=dict=128MiB", "64 MiB"],
  ] as const) {
    it(`names what it cannot read: xz ${option}`, async () => {
      const given = piped(`xz ${option} -c`, Buffer.from("text"));
      const error = await failureOf(collect(decompressed(chunked(given))), "UNSUPPORTED");
      assert.include(error.message, says);
    });
  }

  it("reads zstd of the longest window that zstd itself takes, and of no longer one", async () => {
    const longest = piped("zstd -q --ultra -22 --zstd=wlog=27 --no-content-size -c", text);
    assert.strictEqual(longest[5], (27 - 10) << 3);
    assert.isTrue((await collect(decompressed(chunked(longest)))).equals(text));
    const longer = Buffer.from(longest).fill(((27 - 10) << 3) | 1, 5, 6);
    const singleSegment = Buffer.from("28b52ffda00100000801000000", "hex");
    for (const given of [longer, Buffer.concat([zstd, longer]), singleSegment]) {
      const error = await failureOf(collect(decompressed(chunked(given))), "UNSUPPORTED");
      assert.include(error.message, "128 MiB");
    }
  });

  for (const [command, largest] of [
    ["bzip2 -c", 46_000_000],
    ["xz -c", 1 << 16],
    ["gzip -c", 1 << 20],
    ["zstd -qc", 1 << 17],
  ] as const) {
    it(`hands a bomb on in pieces: ${command}`, async () => {
      const given = piped(command, Buffer.alloc(100_000_000));
      let size = 0;
      for await (const chunk of decompressed(chunked(given))) {
        assert.isAtMost(chunk.byteLength, largest);
        if ((size += chunk.byteLength) > 40_000_000) break;
      }
      assert.isAbove(size, 40_000_000);
    });
  }

  for (const [name, given] of [
    ["plain", text],
    ["gzip", gzipSync(text)],
    ["zstd", zstd],
    ["bzip2", bzip2],
    ["xz", xz],
  ] as const) {
    it(`lets an error of its source through unchanged from ${name}`, async () => {
      const own = new BuildError("DIGEST_MISMATCH", "Cannot accept blob");
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* chunked(given.subarray(0, 5000));
        throw own;
      }
      assert.strictEqual(await failureOf(collect(decompressed(broken())), "DIGEST_MISMATCH"), own);
    });

    it(`closes its source when a reader of ${name} bytes leaves early`, async () => {
      let closed = false;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* chunked(given, 100);
        } finally {
          closed = true;
        }
      }
      for await (const _ of decompressed(watched())) break;
      assert.isTrue(closed);
    });
  }

  it("throws nothing but BuildErrors, whatever follows a magic", async () => {
    const magic = fc.constantFrom(
      [0x1f, 0x8b, 8],
      [0x28, 0xb5, 0x2f, 0xfd],
      [0x50, 0x2a, 0x4d, 0x18],
    );
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 60 }), async (start, tail) => {
        try {
          await collect(decompressed(chunked(Buffer.from([...start, ...tail]), 7)));
        } catch (error) {
          assert.instanceOf(error, BuildError);
        }
      }),
    );
  });
});

function frames(): Buffer {
  return Buffer.concat([piped("zstd -qc", half), skippable, piped("zstd -qc", rest)]);
}

function wrongFirst(): Buffer {
  const first = piped("zstd -qc", half);
  return Buffer.concat([first.subarray(0, -4), Buffer.alloc(4), piped("zstd -qc", rest)]);
}

function tiny(): Buffer {
  const frames = ["a", "b", "", "c", "de"].map((part) => piped("zstd -qc", Buffer.from(part)));
  return Buffer.concat(frames);
}
