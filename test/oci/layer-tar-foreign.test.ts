import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pack } from "tar-stream";
import type { BuildErrorCode } from "../../src/error.js";
import type { Entry } from "../../src/oci/changeset.js";
import { readArchive, readLayerTar } from "../../src/oci/layer-tar.js";
import { encodeHeader, type TarHeader } from "../../src/oci/tar-header.js";
import { failureOf } from "./build-errors.js";
import { chunked, collect } from "./bytes.js";

const longName = `${"a".repeat(120)}/${"b".repeat(120)}`;

/** The members of a tar, written down one by one, then the end. */
function tar(
  ...members: readonly (Partial<TarHeader> & { readonly body?: string | Buffer })[]
): Buffer {
  const blocks = members.map(({ body = "", ...header }) => {
    const bytes = Buffer.from(body);
    const member = Buffer.alloc(512 + Math.ceil(bytes.length / 512) * 512);
    encodeHeader({ ...plain, size: bytes.length, ...header }, member, 0);
    bytes.copy(member, 512);
    return member;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const plain: TarHeader = {
  name: "name",
  type: "0",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  linkName: "",
  major: 0,
  minor: 0,
  xattrs: undefined,
};

/** A PAX record with its length in front. */
function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  return `${rest.length + (rest.length < 9 ? 1 : 2)}${rest}`;
}

async function entriesOf(bytes: Buffer, read = readLayerTar): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of read(chunked(bytes, 333))) entries.push(entry);
  return entries;
}

async function pathsOf(bytes: Buffer): Promise<readonly string[]> {
  return (await entriesOf(bytes)).map(({ type, path }) => `${type} ${path}`);
}

describe("readLayerTar() of GNU tar", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tsbuild-tar-"));
    mkdirSync(join(folder, longName), { recursive: true });
    writeFileSync(join(folder, longName, "file"), "content");
    linkSync(join(folder, longName, "file"), join(folder, "hardlink"));
    symlinkSync("x".repeat(150), join(folder, "symlink"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const format of ["gnu", "oldgnu", "posix"]) {
    it(`reads --format=${format} with long names and links`, async () => {
      const args = ["--sort=name", `--format=${format}`, "-C", folder, "-cf", "-", "."];
      const entries = await entriesOf(execFileSync("tar", args));
      assert.deepStrictEqual(
        entries.map(({ type, path }) => [type, path]),
        [
          ["directory", ""],
          ["directory", "a".repeat(120)],
          ["directory", longName],
          ["file", `${longName}/file`],
          ["hardlink", "hardlink"],
          ["symlink", "symlink"],
        ],
      );
      assert.propertyVal(entries[4], "target", `${longName}/file`);
      assert.propertyVal(entries[5], "target", "x".repeat(150));
    });
  }

  for (const format of ["v7", "ustar"]) {
    it(`reads --format=${format}`, async () => {
      const args = ["--owner=7", "--group=8", "--mode=4755", `--format=${format}`];
      writeFileSync(join(folder, "short"), "content");
      const [entry] = await entriesOf(
        execFileSync("tar", [...args, "-C", folder, "-cf", "-", "./short"]),
      );
      const { path, type, mode, uid, gid } = entry as Extract<Entry, { type: "file" }>;
      assert.deepStrictEqual(
        { path, type, mode, uid, gid },
        {
          path,
          type: "file",
          mode: 0o4755,
          uid: 7,
          gid: 8, // prettier-ignore
        },
      );
      assert.strictEqual(path, "short");
    });
  }

  it("refuses a sparse file", async () => {
    for (const format of ["gnu", "posix"]) {
      execFileSync("truncate", ["-s", "1M", join(folder, "sparse")]);
      const args = ["--sparse", `--format=${format}`, "-C", folder, "-cf", "-", "sparse"];
      await failureOf(entriesOf(execFileSync("tar", args)), "UNSUPPORTED");
    }
  });
});

describe("readLayerTar()", () => {
  it("reads what tar-stream packs", async () => {
    const packed = pack();
    packed.entry({ name: "ü".repeat(80), uid: 3_000, mtime: new Date(1000) }, "hi");
    packed.finalize();
    const [entry] = await entriesOf(await collect(packed.pipe(new PassThrough())));
    assert.containSubset(entry, { uid: 3_000, mtime: 1, size: 2 });
    assert.strictEqual(Buffer.from(entry?.path ?? "", "latin1").toString(), "ü".repeat(80));
  });

  const names = [
    { name: "./a//b/./c", paths: ["file a/b/c"] },
    { name: "/etc/passwd", paths: ["file etc/passwd"] },
    { name: "a/../b", paths: ["file b"] },
    { name: "dir/", paths: ["directory dir"] },
    { name: ".wh.gone", paths: ["whiteout gone"] },
    { name: "./d/.wh.gone", paths: ["whiteout d/gone"] },
    { name: "d/.wh..wh..opq", paths: ["opaque d"] },
    { name: ".wh..wh..opq", paths: ["opaque "] },
    { name: ".wh..wh.plnk", paths: [] },
    { name: "d/.wh..wh.aufs", paths: [] },
    { name: "d/.wh", paths: ["file d/.wh"] },
  ];
  for (const { name, paths } of names) {
    it(`takes the name "${name}" for ${paths.join() || "no entry"}`, async () => {
      assert.deepStrictEqual(await pathsOf(tar({ name })), paths);
    });
  }

  it("lets a PAX header win over the header, a local over a global one", async () => {
    const bytes = tar(
      { type: "g", body: pax("uid", "7") + pax("gid", "7") + pax("comment", "by git") },
      { type: "x", body: pax("uid", "8") + pax("path", "renamed") + pax("mtime", "-1.5") },
      { name: "short", uid: 1, gid: 1 },
      { name: "other", uid: 1, gid: 1 },
    );
    const [first, second] = await entriesOf(bytes);
    assert.containSubset(first, { path: "renamed", uid: 8, gid: 7, mtime: -2 });
    assert.containSubset(second, { path: "other", uid: 7, gid: 7, mtime: 0 });
  });

  it("reads numbers in base 256", async () => {
    const bytes = tar({ name: "f" });
    Buffer.from("80000000ee6b2800", "hex").copy(bytes, 108); // uid
    Buffer.from("ffffffffffffffffffffffff", "hex").copy(bytes, 136); // mtime
    resum(bytes);
    assert.containSubset((await entriesOf(bytes))[0], { uid: 4_000_000_000, mtime: -1 });
  });

  it("stops at the end of the archive, and still reads what follows", async () => {
    let seen = 0;
    const bytes = Buffer.concat([tar({ name: "f" }), Buffer.alloc(9000, "garbage")]);
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunked(bytes, 512)) {
        seen += chunk.length;
        yield chunk;
      }
    }
    for await (const entry of readLayerTar(counted())) assert.strictEqual(entry.path, "f");
    assert.strictEqual(seen, bytes.length);
  });

  const hostile: readonly {
    readonly name: string;
    readonly bytes: Buffer;
    readonly code?: BuildErrorCode;
  }[] = [
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
    { name: "text", bytes: Buffer.alloc(2000, "This is no tar. ") },
    { name: "half a header", bytes: tar({}).subarray(0, 300) },
    { name: "half a small file", bytes: tar({ body: "x".repeat(900) }).subarray(0, 1100) },
    { name: "half a large file", bytes: tar({ body: "x".repeat(90_000) }).subarray(0, 80_000) },
  ];
  for (const { name, bytes } of hostile) {
    it(`refuses ${name}`, async () => {
      await failureOf(entriesOf(bytes), "INVALID_ARCHIVE");
    });
  }
});

describe("readArchive()", () => {
  it("sees no whiteouts", async () => {
    const [entry] = await entriesOf(tar({ name: "a/.wh.b", body: "x" }), readArchive);
    assert.containSubset(entry, { type: "file", path: "a/.wh.b", size: 1 });
  });
});

/** Puts the right checksum into the first header. */
function resum(bytes: Buffer): void {
  bytes.fill(" ", 148, 156);
  let sum = 0;
  for (const byte of bytes.subarray(0, 512)) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}
