import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pack } from "tar-stream";
import type { Entry } from "../../src/oci/changeset.js";
import { readArchive, readLayerTar } from "../../src/oci/layer-tar.js";
import { chunked, collect } from "./bytes.js";
import { pax, resum, tar } from "./tar-members.js";

const longName = `${"a".repeat(120)}/${"b".repeat(120)}`;

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
});

describe("readArchive()", () => {
  it("sees no whiteouts", async () => {
    const [entry] = await entriesOf(tar({ name: "a/.wh.b", body: "x" }), readArchive);
    assert.containSubset(entry, { type: "file", path: "a/.wh.b", size: 1 });
  });
});
