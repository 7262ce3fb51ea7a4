import { assert } from "chai";
import type { Entry } from "../../../src/oci/changeset.js";
import { LayerIndex } from "../../../src/snapshotter/erofs/layer-index.js";
import { failureOf } from "../../oci/build-errors.js";
import {
  device,
  directory,
  fifo,
  file,
  hardlink,
  opaque,
  symlink,
  whiteout,
} from "../../oci/entries.js";
import { readImage } from "./read-image.js";

/** The image of entries whose contents all begin at byte 1024, over a tar of 10,000 bytes. */
function imageOf(entries: readonly Entry[]): Buffer {
  const index = new LayerIndex();
  for (const entry of entries)
    assert.isTrue(index.add(entry, { offset: 1024, sha256: undefined }), entry.path);
  return Buffer.concat(index.finish(10_000));
}

/** `file` of a size without having it. */
function sized(path: string, size: number): Entry {
  return { ...file(path), size } as Entry;
}

describe("LayerIndex", () => {
  it("begins with the superblock that the kernel expects, and one device", () => {
    const image = imageOf([]);
    assert.strictEqual(
      image.subarray(0, 1024).every((byte) => byte === 0),
      true,
    );
    const lines = image.toString("hex", 1024, 1280).match(/.{32}/g);
    assert.deepStrictEqual(lines, [
      "e2e1f5e0000000000200000009003000", // magic, checksum, mtimes, 512-byte blocks, root at 48 * 32
      "01000000000000000000000000000000", // one inode
      "00000000050000000000000000000000", // five blocks
      "00000000000000000000000000000000",
      "00000000000000000000000000000000",
      "0c000000000001000900000000000000", // chunks and devices; one, in slot 9
      "00000000000000000000000000000000",
      "00000000000000000000000000000000",
      ...Array.from({ length: 4 }, () => "00000000000000000000000000000000"),
      "14000000000000000000000000000000", // twenty blocks of tar
      ...Array.from({ length: 3 }, () => "00000000000000000000000000000000"),
    ]);
  });

  it("writes every kind of entry", () => {
    const value = Buffer.from([0, 255]);
    const image = imageOf([
      directory("", { mode: 0o700, mtime: -5 }),
      directory("a", { mode: 0o1777, uid: 70_000, gid: 4_294_967_294 }),
      opaque("a"),
      file("a/f", "hi", { mode: 0o4755, xattrs: new Map([["user.x", value]]) }),
      file("empty"),
      fifo("fifo"),
      hardlink("link", "a/f", { mode: 0o4755, xattrs: new Map([["user.x", value]]) }),
      device("block", "sda", 0xfff, 0xfffff),
      symlink("to", "a/f"),
      whiteout("w"),
    ]);
    assert.deepStrictEqual(readImage(image), [
      "/ directory 700 0:0 -5 nlink=3 4:overlay.tsbuild.root=79",
      "a directory 1777 70000:4294967294 1700000000 nlink=2 4:overlay.opaque=79",
      "a/f file 4755 0:0 1700000000 nlink=2 1:x=00ff size=2 chunk=0 2",
      "empty file 644 0:0 1700000000 nlink=1 size=0",
      "fifo fifo 644 0:0 1700000000 nlink=1",
      "link file 4755 0:0 1700000000 nlink=2 1:x=00ff size=2 chunk=0 2",
      "sda block 644 0:0 1700000000 nlink=1 device=ffffffff",
      "to symlink 777 0:0 1700000000 nlink=1 a/f",
      "w char 0 0:0 0 nlink=1 device=0",
    ]);
  });

  it("sorts names as bytes, dots among them", () => {
    const names = ["!", "-x", ".hidden", "A", "a", "a\x7f", "\xff"];
    const entries = names.map((name) => ({ ...file("x"), path: name }) as Entry);
    const read = readImage(imageOf(entries), { dots: true }).map((line) => line.split(" ")[0]);
    assert.deepStrictEqual(read, ["/", "!", "-x", ".", "..", ".hidden", "A", "a", "a\x7f", "\xff"]);
  });

  const sizes = [
    { size: 1, chunks: "chunk=0 2" },
    { size: 512, chunks: "chunk=0 2" },
    { size: 513, chunks: "chunk=1 2" },
    { size: 9 * 2 ** 30, chunks: "chunk=25 2" },
    { size: 2 ** 40, chunks: "chunk=31 2" },
    { size: 2 ** 40 + 1, chunks: `chunk=31 2 ${2 + 2 ** 31}` },
  ];
  for (const { size, chunks } of sizes) {
    it(`points to ${size} bytes of tar with as few chunks as possible`, () => {
      assert.include(readImage(imageOf([sized("f", size)]))[1], `size=${size} ${chunks}`);
    });
  }

  const lengths = [1, 447, 448, 449, 511, 512, 513, 4095];
  for (const length of lengths) {
    it(`keeps symlinks to ${length} bytes, wherever they come to lie`, () => {
      const targets = Array.from({ length: 20 }, (_, i) =>
        String.fromCharCode(97 + i).repeat(length),
      );
      const entries = targets.map((target, i) => symlink(`link-${100 + i}`, target));
      const read = readImage(imageOf(entries))
        .slice(1)
        .map((line) => line.split(" ").at(-1));
      assert.deepStrictEqual(read, targets);
    });
  }

  it("keeps 100,000 names of one directory", () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `name-${1_000_000 + i}`);
    const read = readImage(imageOf(names.map((name) => file(name))));
    assert.deepStrictEqual(
      read.slice(1).map((line) => line.split(" ")[0]),
      names,
    );
  });

  it("finds what is linked to, in directories that are open and that are done", () => {
    const names = Array.from({ length: 200 }, (_, i) => `name-${1000 + i}`);
    const files = (parent: string) => names.map((name) => file(`${parent}/${name}`));
    const entries = [
      directory("a"),
      directory("a/sub"),
      ...files("a/sub"),
      directory("b"),
      ...files("b"),
      ...names.map((name) => hardlink(`b/to-${name}`, `b/${name}`)),
      directory("c"),
      ...names.map((name) => hardlink(`c/${name}`, `a/sub/${name}`)),
    ];
    const read = readImage(imageOf(entries));
    assert.lengthOf(read, entries.length + 1);
    assert.lengthOf(
      read.filter((line) => line.includes("nlink=2")),
      800 + 3, // and the directories without others in them
    );
    const missing = new LayerIndex();
    for (const entry of entries) missing.add(entry, { offset: 1024, sha256: undefined });
    for (const target of ["a/sub/name-0", "a/sub/name-1000/x", "a/none/x", "b/sub", "z"])
      assert.isFalse(missing.add(hardlink("d", target), { offset: 0, sha256: undefined }), target);
  });

  it("keeps names of 255 bytes, and directories 500 deep", () => {
    const long = Array.from({ length: 9 }, (_, i) => String(i).repeat(255));
    const deep = Array.from({ length: 500 }, (_, i) => directory("d/".repeat(i) + "d"));
    const read = readImage(imageOf([...long.map((name) => file(name)), ...deep]));
    const paths = read.slice(1).map((line) => line.split(" ")[0]);
    assert.deepStrictEqual(paths, [...long, ...deep.map(({ path }) => path)]);
  });

  const untidy: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
    { name: "out of order", entries: [file("b"), file("a")] },
    { name: "a repeat", entries: [file("a"), file("a")] },
    { name: "a file without its parent", entries: [file("a/b")] },
    { name: "a file in a file", entries: [file("a"), file("a/b")] },
    { name: "a file in a sibling", entries: [directory("a"), file("ab/c")] },
    { name: "the root after its content", entries: [file("a"), directory("")] },
    { name: "the root twice", entries: [directory(""), directory("")] },
    { name: "a link to nothing", entries: [hardlink("b", "a")] },
    { name: "a link to a directory", entries: [directory("a"), hardlink("b", "a")] },
    { name: "a link to a link", entries: [file("a"), hardlink("b", "a"), hardlink("c", "b")] },
    {
      name: "a link to a whiteout",
      entries: [whiteout("a"), hardlink("b", "a", { mode: 0, mtime: 0 })],
    },
    { name: "a link with another mode", entries: [file("a"), hardlink("b", "a", { mode: 0 })] },
    { name: "a link with another time", entries: [file("a"), hardlink("b", "a", { mtime: 1 })] },
    {
      name: "a link with attributes",
      entries: [file("a"), hardlink("b", "a", { xattrs: new Map([["user.a", Buffer.from("")]]) })],
    },
    { name: "opaque twice", entries: [directory("a"), opaque("a"), opaque("a")] },
    { name: "opaque too late", entries: [directory("a"), file("a/b"), opaque("a")] },
    { name: "opaque without its directory", entries: [opaque("a")] },
  ];
  for (const { name, entries } of untidy) {
    it(`tells that a changeset is untidy: ${name}`, () => {
      const index = new LayerIndex();
      assert.isFalse(
        entries.map((entry) => index.add(entry, { offset: 512, sha256: undefined })).at(-1),
      );
    });
  }

  const refused: readonly { readonly entry: Entry; readonly message: string }[] = [
    { entry: file("n".repeat(256)), message: "its name is too long" },
    { entry: symlink("l", "t".repeat(4096)), message: "its target is too long" },
    {
      entry: file("a", "", { xattrs: new Map([["other.x", Buffer.from("")]]) }),
      message: 'Cannot keep the extended attributes of "a": Linux has none named "other.x"',
    },
    {
      entry: file("a", "", { xattrs: new Map([["user.x", Buffer.alloc(65536)]]) }),
      message: '"user.x" is bigger than 65535 bytes',
    },
    {
      entry: file("a", "", {
        xattrs: new Map([1, 2, 3, 4, 5].map((i) => [`user.${i}`, Buffer.alloc(60_000)])),
      }),
      message: "they are more than 256 KiB together",
    },
  ];
  for (const { entry, message } of refused) {
    it(`refuses what Linux does not take: ${message}`, async () => {
      const error = await failureOf(
        () => new LayerIndex().add(entry, { offset: 512, sha256: undefined }),
        "INVALID_ARCHIVE",
      );
      assert.include(error.message, message);
    });
  }

  const unsupported: readonly { readonly entry: Entry; readonly message: string }[] = [
    { entry: device("char", "d", 0, 0), message: "overlayfs takes a character device 0/0" },
    { entry: device("char", "d", 4096, 0), message: "Linux has no device 4096:0" },
    { entry: device("block", "d", 0, 2 ** 20), message: "Linux has no device 0:1048576" },
    { entry: sized("f", 2 ** 41), message: "the layer would be bigger than 2 TiB" },
  ];
  for (const { entry, message } of unsupported) {
    it(`refuses what an image cannot tell: ${message}`, async () => {
      const error = await failureOf(
        () => new LayerIndex().add(entry, { offset: 512, sha256: undefined }),
        "UNSUPPORTED",
      );
      assert.include(error.message, message);
    });
  }
});
