import { assert } from "chai";
import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar-stream";
import { BuildError } from "../../src/error.js";
import { toBytePath, type BytePath, type Entry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { readLayerTar, writeLayerTar, type WrittenEntry } from "../../src/oci/layer-tar.js";
import { readTree } from "../../src/snapshotter/overlay-changes.js";
import { failureOf } from "./build-errors.js";
import { chunked, collect } from "./bytes.js";
import {
  device,
  directory,
  fifo,
  file,
  hardlink,
  opaque,
  resolved,
  symlink,
  whiteout,
} from "./entries.js";

const capability = Buffer.from("01000002002000000000000000000000ff80fe00", "hex");
const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(90)}`;

/** Names in the order of `comparePaths`, one of each kind and each edge. */
const everything: readonly Entry[] = [
  directory("", { mode: 0o555 }),
  device("block", "block", 259, 1048575),
  device("char", "char", 1, 3),
  directory("dir", { mode: 0o1777 }),
  opaque("dir"),
  whiteout("dir/gone"),
  file("dir/setuid", "#!", { mode: 0o6755, uid: 2097152, gid: 4294967294 }),
  directory("empty"),
  fifo("fifo"),
  file("früh", "utf-8"),
  hardlink("link", "dir/setuid"),
  file(long, "long"),
  file("newline\nand blank", "x"),
  file("old", "", { mtime: -1 }),
  symlink("symlink", "../../etc/passwd"),
  symlink("symlink-long", "x".repeat(300)),
  file("time", "", { mtime: 0o77777777777 + 1 }),
  file(`u/${"v".repeat(100)}`, "fits into ustar"),
  file("xattrs", "", {
    xattrs: new Map([
      ["security.capability", capability],
      ["user.empty", Buffer.alloc(0)],
      ["user.with\nnewline", Buffer.from([0, 10, 61, 255])],
    ]),
  }),
];

const read = (entry: Extract<Entry, { type: "file" }>): AsyncIterable<Uint8Array> =>
  readContent(entry);

describe("writeLayerTar() and readLayerTar()", () => {
  it("write an empty changeset as the well-known empty layer", async () => {
    const bytes = await collect(writeLayerTar([]));
    assert.isTrue(bytes.equals(Buffer.alloc(1024)));
    assert.strictEqual(
      createHash("sha256").update(bytes).digest("hex"),
      "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    );
  });

  it("give every kind of entry back as it was", async () => {
    const back = await resolved(readLayerTar(writeLayerTar(everything)), read);
    assert.deepStrictEqual(back, everything);
  });

  it("give names of any bytes back", async () => {
    const odd = { ...file("x", "content"), path: "a\xff\xfe/\x01\x80" as BytePath } as Entry;
    assert.deepStrictEqual(await resolved(readLayerTar(writeLayerTar([odd])), read), [odd]);
  });

  it("give any changeset back", async () => {
    const name = fc
      .string({
        unit: fc.constantFrom("a", "é", "\x80", ".", "-", " "),
        minLength: 1,
        maxLength: 120,
      })
      .filter((text) => !/^\.+$/.test(text) && !text.startsWith(".wh."));
    const entry = fc
      .record({
        parts: fc.array(name, { minLength: 1, maxLength: 4 }),
        uid: fc.nat(0xfffffffe),
        mtime: fc.integer({ min: -1e11, max: 1e11 }),
        content: fc.uint8Array({ maxLength: 1500 }),
        xattr: fc.uint8Array({ maxLength: 600 }),
      })
      .map(({ parts, content, xattr, ...rest }) =>
        file(parts.join("/"), content, {
          ...rest,
          xattrs: new Map([["user.x", Buffer.from(xattr)]]),
        }),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), async (entries) => {
        const back = await resolved(readLayerTar(writeLayerTar(entries)), read);
        assert.deepStrictEqual(back, entries);
      }),
      { numRuns: 100 },
    );
  });

  it("never fail but with a BuildError on damaged bytes", async () => {
    const good = await collect(writeLayerTar(everything));
    const position = fc.nat(good.length - 1);
    await fc.assert(
      fc.asyncProperty(position, fc.nat(255), position, async (at, value, cut) => {
        const bad = Buffer.from(good)
          .fill(value, at, at + 1)
          .subarray(0, Math.max(at + 1, cut));
        try {
          await resolved(readLayerTar(chunked(bad, 700)), read);
        } catch (error) {
          assert.instanceOf(error, BuildError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keep an entry larger than any buffer whole", async () => {
    const content = Buffer.alloc(5_000_001, "tsbuild");
    const entries = [file("before", "1"), file("large", content), file("later", "2")];
    assert.deepStrictEqual(await resolved(readLayerTar(writeLayerTar(entries)), read), entries);
  });

  it("skip the content that nobody read", async () => {
    const entries = [file("large", Buffer.alloc(3_000_000)), file("later", "2")];
    const paths: string[] = [];
    for await (const { path } of readLayerTar(writeLayerTar(entries))) paths.push(path);
    assert.deepStrictEqual(paths, ["large", "later"]);
  });
});

describe("writeLayerTar()", () => {
  it("writes the same bytes for the same changeset", async () => {
    const [one, two] = [
      await collect(writeLayerTar(everything)),
      await collect(writeLayerTar(everything)),
    ];
    assert.isTrue(one.equals(two));
  });

  it("writes the same bytes into a reused buffer", async () => {
    const hash = createHash("sha256");
    for await (const chunk of writeLayerTar(everything, { reuse: true })) hash.update(chunk);
    const want = createHash("sha256").update(await collect(writeLayerTar(everything)));
    assert.strictEqual(hash.digest("hex"), want.digest("hex"));
  });

  it("needs no PAX header where ustar says it all", async () => {
    const entries = [directory("usr"), file(`usr/${"a".repeat(99)}/${"b".repeat(99)}`, "x")];
    assert.strictEqual((await collect(writeLayerTar(entries))).length, 512 + 1024 + 1024);
  });

  it("tells the digest of each content as it passes", async () => {
    const told: (string | undefined)[] = [];
    const onEntry = (_: Entry, { sha256 }: WrittenEntry): void => void told.push(sha256);
    const large = Buffer.alloc(2_000_000, "x");
    await collect(writeLayerTar([directory("d"), file("f", "hi"), file("g", large)], { onEntry }));
    const sha256 = (bytes: string | Buffer): string =>
      createHash("sha256").update(bytes).digest("hex");
    assert.deepStrictEqual(told, [undefined, sha256("hi"), sha256(large)]);
  });

  it("tells where each content is in the tar, whatever lies before it", async () => {
    const contents = ["hi", Buffer.alloc(300_000, "x"), "", "after", Buffer.alloc(2_000_000, "y")];
    const entries = contents.flatMap((content, i) => [
      file(`f${i}${"\xff".repeat(200)}`, content),
      directory(`f${i}-${"d".repeat(200)}`),
    ]);
    const told: { readonly size: number; readonly offset: number }[] = [];
    const onEntry = (entry: Entry, { offset }: WrittenEntry): void => {
      if (entry.type === "file") told.push({ size: entry.size, offset });
    };
    const tar = await collect(writeLayerTar(entries, { onEntry }));
    const found = told.map(({ size, offset }) => tar.subarray(offset, offset + size).toString());
    assert.deepStrictEqual(found, contents.map(String));
  });

  it("is read by tar-stream", async () => {
    const names: string[] = [];
    const tar = extract();
    tar.end(await collect(writeLayerTar(everything)));
    for await (const member of tar) {
      names.push(member.header.name);
      member.resume();
    }
    assert.lengthOf(names, everything.length);
    assert.includeMembers(names, ["./", "dir/", "dir/.wh..wh..opq", "dir/.wh.gone", "früh", long]);
  });

  it("is listed by GNU tar", async () => {
    const input = await collect(writeLayerTar(everything));
    const list = execFileSync("tar", ["--numeric-owner", "--utc", "-tvf", "-"], {
      input,
      encoding: "utf8",
    });
    assert.lengthOf(list.trim().split("\n"), everything.length);
    assert.match(list, /^-rwsr-sr-x 2097152\/4294967294 +2 2023-11-14 22:13 dir\/setuid$/m);
    assert.match(list, /^brw-r--r-- 0\/0 +259,1048575 .* block$/m);
    assert.match(list, /^hrw-r--r-- .* link link to dir\/setuid$/m);
  });

  it("is extracted by GNU tar", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-extract-"));
    try {
      const { uid, gid } = statSync(folder);
      const entries = [
        directory("d", { uid, gid, mode: 0o1750 }),
        file("d/f", "content", { uid, gid, mode: 0o4755 }),
        hardlink("d/g", "d/f", { uid, gid, mode: 0o4755 }),
        file("früh", "x", { uid, gid, xattrs: new Map([["user.x", Buffer.from([0, 255])]]) }),
        symlink("s".repeat(200), "t".repeat(200), { uid, gid }),
      ];
      const input = await collect(writeLayerTar(entries));
      execFileSync("tar", ["-C", folder, "--xattrs", "-xpf", "-"], { input });
      const back = await resolved(readTree(folder), read);
      assert.deepStrictEqual(back, entries);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("describes a file of 9 GiB in a way that GNU tar reads", async () => {
    const size = 9 * 2 ** 30;
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-sparse-"));
    const path = join(folder, "huge");
    writeFileSync(path, "");
    try {
      truncateSync(path, size);
      const content = { kind: "file", path: toBytePath(path), offset: 0 } as const;
      const chunks: Uint8Array[] = [];
      for await (const chunk of writeLayerTar([{ ...file("huge"), size, content } as Entry])) {
        chunks.push(chunk);
        if (chunks.length === 2) break;
      }
      // GNU tar lists the member, and only then finds the archive cut off
      const { stdout } = failing("tar", ["-tvf", "-"], Buffer.concat(chunks));
      assert.match(stdout, / 9663676416 .* huge$/m);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses a file whose name means removal", async () => {
    const error = await failureOf(collect(writeLayerTar([file("a/.wh.b")])), "UNSUPPORTED");
    assert.include(error.message, 'Cannot put "a/.wh.b" into a layer');
  });

  it("refuses an extended attribute that PAX cannot name", async () => {
    const entry = file("a", "", { xattrs: new Map([["user.a=b", Buffer.from("x")]]) });
    const error = await failureOf(collect(writeLayerTar([entry])), "UNSUPPORTED");
    assert.include(error.message, '"user.a=b" has a "="');
  });

  describe("with a file that changes while it is read", () => {
    let folder: string;
    let path: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "tsbuild-content-"));
      path = join(folder, "file");
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    for (const size of [10, 3_000_000]) {
      const changes = [
        {
          name: "grew",
          change: () => {
            appendFileSync(path, "x");
          },
        },
        {
          name: "shrank",
          change: () => {
            truncateSync(path, size - 1);
          },
        },
        {
          name: "is gone",
          change: () => {
            rmSync(path);
          },
        },
        {
          name: "became a symlink",
          change: () => {
            rmSync(path);
            symlinkSync("/etc/passwd", path);
          },
        },
        {
          name: "became a directory",
          change: () => {
            rmSync(path);
            mkdirSync(path);
          },
        },
      ];
      for (const { name, change } of changes) {
        it(`fails naming it when a file of ${size} bytes ${name}`, async () => {
          writeFileSync(path, Buffer.alloc(size));
          const content = { kind: "file", path: toBytePath(path), offset: 0 } as const;
          const entry = { ...file("f"), size, content } as Entry;
          await collect(writeLayerTar([entry]));
          change();
          const error = await failureOf(collect(writeLayerTar([entry])), "SYSTEM");
          assert.include(error.message, `Cannot read "${path}": it`);
        });
      }
    }

    it("reads a slice of a bigger file", async () => {
      writeFileSync(path, "0123456789");
      const content = { kind: "file", path: toBytePath(path), offset: 3 } as const;
      const entry = { ...file("f"), size: 4, content } as Entry;
      assert.deepStrictEqual(await resolved(readLayerTar(writeLayerTar([entry])), read), [
        file("f", "3456"),
      ]);
    });
  });
});

function failing(command: string, args: string[], input: Buffer): { stdout: string } {
  try {
    execFileSync(command, args, { input, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    return error as { stdout: string };
  }
  throw new Error(`${command} succeeded`);
}
