import { assert } from "chai";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
  ftruncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBytePath, type FileEntry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { readArchive, readPlacedLayer } from "../../src/oci/layer-tar.js";
import { readTarFile } from "../../src/oci/tar-reader.js";
import { failureOf } from "./build-errors.js";
import { chunked, collect } from "./bytes.js";
import { pax, tar } from "./tar-members.js";

/** How GNU tar stores holes. */
const formats = [
  "--format=gnu",
  "--format=oldgnu",
  "--format=posix --sparse-version=0.0",
  "--format=posix --sparse-version=0.1",
  "--format=posix --sparse-version=1.0",
];

/** Files by where they have data, in blocks of a page, and their sizes. */
const shapes: readonly { readonly name: string; readonly at: readonly number[]; size: number }[] = [
  { name: "nothing but a hole", at: [], size: 100_000 },
  { name: "data first", at: [0], size: 300_001 },
  { name: "data last", at: [24], size: 25 * 4096 },
  { name: "data in the middle", at: [3, 4, 9], size: 77_777 },
  {
    name: "more pieces than a header has room for",
    at: [...Array(60).keys()].map((i) => 2 * i),
    size: 600_000,
  },
];

describe("sparse files in a tar", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tsbuild-sparse-"));
    for (const { name, at, size } of shapes) {
      const fd = openSync(join(folder, name), "w");
      for (const page of at) writeSync(fd, Buffer.alloc(4096, `${page} `), 0, 4096, page * 4096);
      ftruncateSync(fd, size);
      closeSync(fd);
    }
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function pack(format: string): Buffer {
    const names = shapes.map(({ name }) => name);
    const argv = ["--sparse", ...format.split(" "), "-C", folder, "-cf", "-", ...names];
    return execFileSync("tar", argv);
  }

  for (const format of formats) {
    it(`C21 have their holes back (${format})`, async () => {
      const found: string[] = [];
      for await (const entry of readArchive(chunked(pack(format), 1000))) {
        const name = Buffer.from(entry.path, "latin1").toString();
        const bytes = await collect(readContent(entry as FileEntry));
        assert.isTrue(bytes.equals(readFileSync(join(folder, name))), name);
        found.push(name);
      }
      assert.deepStrictEqual(
        found,
        shapes.map(({ name }) => name),
      );
    });
  }

  it("are read from a file as from a stream", async () => {
    const path = join(folder, "archive.tar");
    execFileSync("tar", ["--sparse", "-C", folder, "-cf", path, "data first"]);
    for await (const { content, header } of readTarFile(toBytePath(path))) {
      const file = { content, size: header.size, path: toBytePath("data first") };
      const bytes = await collect(readContent(file));
      assert.isTrue(bytes.equals(readFileSync(join(folder, "data first"))));
    }
  });

  it("may have a hundred thousand pieces: reading their map takes time in proportion", async () => {
    const count = 100_000;
    const lines = Array.from({ length: count }, (_, i) => `${2 * i}\n1\n`).join("");
    const map = `${count}\n${lines}`;
    const padded = map.padEnd(Math.ceil(map.length / 512) * 512, "\0");
    const records = { major: 1, minor: 0, realsize: 2 * count };
    const said = Object.entries(records).map(([key, value]) =>
      pax(`GNU.sparse.${key}`, String(value)),
    );
    const body = padded + "x".repeat(count);
    const bytes = tar({ type: "x", body: said.join("") }, { body });
    for await (const entry of readArchive(chunked(bytes, 1 << 20))) {
      const content = await collect(readContent(entry as FileEntry));
      assert.isTrue(content.equals(Buffer.alloc(2 * count, "x\0")));
    }
  });

  it("are refused in a layer that is kept as it comes", async () => {
    const reading = collectPlaced(pack("--format=gnu"));
    const error = await failureOf(reading, "UNSUPPORTED");
    assert.include(error.message, `"nothing but a hole" is stored without its holes`);
  });

  const hostile: readonly (readonly [why: string, records: readonly string[], body: string])[] = [
    ["pieces overlap", ["map=0,2,1,1", "size=4"], "abc"],
    ["behind its end", ["map=3,2", "size=4"], "ab"],
    ["not what is stored", ["map=0,1", "size=4"], "ab"],
    ['"-1" for a number', ["map=-1,1", "size=4"], "a"],
    ['"" for a number', ["map=0", "size="], ""],
    ['"x" for a number', ["major=1", "minor=0", "realsize=4"], `x\n${"\0".repeat(510)}`],
    ["not a list of numbers", ["major=1", "minor=0", "realsize=4"], `1\n${"1".repeat(2046)}`],
    ["too many pieces", ["major=1", "minor=0", "realsize=4"], `9999999\n${"\0".repeat(504)}`],
  ];
  for (const [why, records, body] of hostile) {
    it(`are refused when they say nonsense: ${why}`, async () => {
      const said = records.map((record) => {
        const [key = "", value = ""] = record.split("=");
        return pax(`GNU.sparse.${key}`, value);
      });
      const bytes = tar({ type: "x", body: said.join("") }, { body });
      const error = await failureOf(collectEntries(bytes), "INVALID_ARCHIVE");
      assert.include(error.message, why);
    });
  }
});

async function collectEntries(bytes: Buffer): Promise<void> {
  for await (const entry of readArchive(chunked(bytes, 700))) {
    if (entry.type === "file") await collect(readContent(entry));
  }
}

async function collectPlaced(bytes: Buffer): Promise<void> {
  for await (const run of readPlacedLayer(chunked(bytes, 700))) {
    for (const { entry } of run) {
      if (entry.type === "file") await collect(readContent(entry));
    }
  }
}
