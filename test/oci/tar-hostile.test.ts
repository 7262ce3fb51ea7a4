import { assert } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBytePath, type Entry } from "../../src/oci/changeset.js";
import { readLayerTar } from "../../src/oci/layer-tar.js";
import { readTarFile } from "../../src/oci/tar-reader.js";
import { failureOf } from "./build-errors.js";
import { chunked } from "./bytes.js";
import { pax, resum, tar } from "./tar-members.js";

/** A tar of one empty file, with other bytes at a place of its header. */
function patched(at: number, hex: string, members: Buffer = tar({})): Buffer {
  Buffer.from(hex, "hex").copy(members, at);
  return resum(members);
}

const device = tar({ type: "3" });

const tooLong = "d/".repeat(2048) + "f";

/** Three headers of half a megabyte each, and a file. */
function largeHeaders(type: string): Buffer {
  return tar(...["a", "b", "c"].map((key) => large(type, key)), {});
}

function large(type: string, key: string): { readonly type: string; readonly body: string } {
  return { type, body: pax(key, key.repeat(1 << 19)) };
}

interface Hostile {
  readonly name: string;
  readonly bytes: Buffer;
}

const hostile: readonly Hostile[] = [
  { name: "a name that climbs out", bytes: tar({ name: "../x" }) },
  { name: "a name that climbs out later", bytes: tar({ name: "a/../../x" }) },
  {
    name: "a hard link that climbs out",
    bytes: tar({ type: "1", linkName: "../../etc/shadow" }),
  },
  { name: "a link to nothing", bytes: tar({ type: "2" }) },
  { name: "a NUL in a name", bytes: tar({ type: "x", body: pax("path", "a\0b") }, {}) },
  {
    name: "a NUL in a link",
    bytes: tar({ type: "x", body: pax("linkpath", "a\0b") }, { type: "2" }),
  },
  { name: "a whiteout of ..", bytes: tar({ name: "a/.wh..." }) },
  { name: "a whiteout of .", bytes: tar({ name: "a/.wh.." }) },
  { name: "a whiteout of nothing", bytes: tar({ name: "a/.wh." }) },
  { name: "a file in place of the root", bytes: tar({ name: "." }) },
  { name: "an unknown type", bytes: tar({ type: "Z" }) },
  { name: "a PAX record that is too long", bytes: tar({ type: "x", body: "99 path=a\n" }, {}) },
  { name: "a PAX record without a length", bytes: tar({ type: "x", body: "path=a\n" }, {}) },
  { name: "a PAX size that is none", bytes: tar({ type: "x", body: pax("size", "-1") }, {}) },
  { name: "a PAX header of a gigabyte", bytes: tar({ type: "x", size: 2 ** 30 }, {}) },
  { name: "an impossible owner", bytes: tar({ type: "x", body: pax("uid", "4294967295") }, {}) },
  { name: "a wrong checksum", bytes: tar({}).fill("x", 0, 1) },
  { name: "a block of zeros inside", bytes: Buffer.concat([Buffer.alloc(512), tar({})]) },
  { name: "text", bytes: Buffer.alloc(2000, "This is not a tar. ") },
  { name: "half a header", bytes: tar({}).subarray(0, 300) },
  { name: "half a small file", bytes: tar({ body: "x".repeat(900) }).subarray(0, 1100) },
  { name: "half a large file", bytes: tar({ body: "x".repeat(90_000) }).subarray(0, 80_000) },
  { name: "a size far beyond its end", bytes: tar({ size: 0o77777777777 }, {}) },
  { name: "a size of petabytes", bytes: patched(124, "800000000007ffffffffffff") },
  { name: "a size that no number can be", bytes: patched(124, "80ffffffffffffffffffffff") },
  { name: "a negative size", bytes: patched(124, "ffffffffffffffffffffff00") },
  { name: "a size of letters", bytes: patched(124, Buffer.from("12ab").toString("hex")) },
  { name: "a negative owner", bytes: patched(108, "ffffffffffffffff") },
  { name: "a major number that Linux lacks", bytes: patched(329, "8000000000001000", device) },
  { name: "a minor number that Linux lacks", bytes: patched(337, "8000000000100000", device) },
  { name: "a negative device", bytes: patched(329, "ffffffffffffffff", device) },
  { name: "a PAX header beyond its end", bytes: tar({ type: "x", size: 9000 }) },
  { name: "a PAX header at its end", bytes: tar({ type: "x", size: 512 }).subarray(0, 512) },
  { name: "a long name of megabytes", bytes: tar({ type: "L", size: 2 ** 21 }, {}) },
  { name: "PAX headers of megabytes, half of one each", bytes: largeHeaders("x") },
  {
    name: "global PAX headers of megabytes, half of one before each file",
    bytes: tar(large("g", "a"), {}, large("g", "b"), {}, large("g", "c"), {}),
  },
  { name: "long names of megabytes, half of one each", bytes: largeHeaders("L") },
  { name: "a path that is too long", bytes: tar({ type: "x", body: pax("path", tooLong) }, {}) },
  { name: "a long name that is too long", bytes: tar({ type: "L", body: tooLong }, {}) },
  {
    name: "a target that is too long",
    bytes: tar({ type: "x", body: pax("linkpath", tooLong) }, { type: "2" }),
  },
  { name: "a PAX record of length 0", bytes: tar({ type: "x", body: "0 a=b\n" }, {}) },
  { name: "a PAX record of nine digits", bytes: tar({ type: "x", body: "000000006 a=b\n" }, {}) },
  { name: "a PAX record that ends in its key", bytes: tar({ type: "x", body: "5 abc=d\n" }, {}) },
  { name: "a PAX record without =", bytes: tar({ type: "x", body: "6 abc\n" }, {}) },
  { name: "a PAX record without its newline", bytes: tar({ type: "x", body: "6 a=bcd" }, {}) },
  { name: "a PAX size too big", bytes: tar({ type: "x", body: pax("size", "9".repeat(30)) }, {}) },
  { name: "a PAX owner of 1e3", bytes: tar({ type: "x", body: pax("uid", "1e3") }, {}) },
  {
    name: "a time of 400 digits",
    bytes: tar({ type: "x", body: pax("mtime", "9".repeat(400)) }, {}),
  },
  { name: "a time with two points", bytes: tar({ type: "x", body: pax("mtime", "1.2.3") }, {}) },
  { name: "a time of hexadecimals", bytes: tar({ type: "x", body: pax("mtime", "0x10") }, {}) },
  {
    name: "a NUL in an attribute's name",
    bytes: tar({ type: "x", body: pax("SCHILY.xattr.user.a\0b", "v") }, {}),
  },
  {
    name: "an attribute without a name",
    bytes: tar({ type: "x", body: pax("SCHILY.xattr.", "v") }, {}),
  },
];

describe("a hostile tar", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-tar-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const { name, bytes } of hostile) {
    it(`with ${name} is refused`, async () => {
      await failureOf(entriesOf(bytes), "INVALID_ARCHIVE");
    });
  }

  for (const { name, bytes } of hostile.filter(({ name }) => !name.includes("whiteout"))) {
    it(`with ${name} is refused where it is a file, too`, async () => {
      const path = join(folder, "layer.tar");
      writeFileSync(path, bytes);
      await failureOf(drain(readTarFile(toBytePath(path))), "INVALID_ARCHIVE");
    });
  }

  const times = [
    ["-0.5", -1],
    ["-1", -1],
    ["0.999999999", 0],
    ["1700000000.", 1_700_000_000],
    ["-62135596800.25", -62_135_596_801],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ] as const;
  for (const [written, seconds] of times) {
    it(`has the whole second below ${written}`, async () => {
      const [entry] = await entriesOf(tar({ type: "x", body: pax("mtime", written) }, {}));
      assert.propertyVal(entry, "mtime", seconds);
    });
  }

  it("may have names as long as Linux takes them, from PAX or GNU tar", async () => {
    const long = `${"d/".repeat(1548)}${"f".repeat(1000)}`;
    for (const before of [
      { type: "x", body: pax("path", long) },
      { type: "L", body: `${long}\0` },
    ]) {
      const [entry] = await entriesOf(tar(before, { name: "short" }));
      assert.strictEqual(entry?.path, long);
    }
  });

  it("may have values with NULs, newlines and = in attributes", async () => {
    const value = "\0\n=\xff 12 path=x\n";
    const body = Buffer.from(pax("SCHILY.xattr.user.a", value), "latin1");
    const [entry] = await entriesOf(tar({ type: "x", body }, { name: "f" }));
    const { xattrs } = entry as Extract<Entry, { type: "file" }>;
    assert.strictEqual(Buffer.from(xattrs?.get("user.a") ?? []).toString("latin1"), value);
    assert.strictEqual(entry?.path, "f");
  });

  it("may have the same record twice: the last one counts", async () => {
    const body = pax("uid", "1") + pax("path", "a") + pax("uid", "2") + pax("path", "b");
    const [entry] = await entriesOf(tar({ type: "x", body }, {}));
    assert.containSubset(entry, { path: "b", uid: 2 });
  });

  it("may have ten thousand PAX headers in a row: reading them takes time in proportion", async () => {
    const headers = (type: string) =>
      Array.from({ length: 10_000 }, (_, i) => ({ type, body: pax(`key${i}`, "v") }));
    const [entry] = await entriesOf(tar(...headers("x"), ...headers("g"), { name: "f" }));
    assert.strictEqual(entry?.path, "f");
  });

  it("gives no attributes of the whole archive to a file", async () => {
    const body = pax("SCHILY.xattr.user.a", "v") + pax("uid", "7");
    const [entry] = await entriesOf(tar({ type: "g", body }, { name: "f" }));
    assert.containSubset(entry, { path: "f", uid: 7, xattrs: undefined });
  });
});

async function entriesOf(bytes: Buffer): Promise<readonly Entry[]> {
  return await drain(readLayerTar(chunked(bytes, 333)));
}

async function drain<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
