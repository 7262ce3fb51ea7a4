import { assert } from "chai";
import fc from "fast-check";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { comparePaths, type BytePath, type Entry } from "../../../src/oci/changeset.js";
import { contentDigest, readContent } from "../../../src/oci/content.js";
import { canUseErofs } from "../../../src/snapshotter/erofs/can-use-erofs.js";
import { LayerIndex } from "../../../src/snapshotter/erofs/layer-index.js";
import { INDEX_NAME, TAR_NAME } from "../../../src/snapshotter/erofs/layer-place.js";
import { mountLayer } from "../../../src/snapshotter/erofs/mount-layer.js";
import { patchLayer } from "../../../src/snapshotter/erofs/patch-layer.js";
import { writeLayer } from "../../../src/snapshotter/erofs/write-layer.js";
import { overlayChanges } from "../../../src/snapshotter/overlay-changes.js";
import { mountOverlay } from "../../../src/snapshotter/overlay-mounts.js";
import { OverlayXattrs } from "../../../src/snapshotter/overlay-xattrs.js";
import { unmount } from "../../../src/sys/mounts.js";
import { everything, inUserNamespace } from "../../contracts/snapshotter.js";
import { directory, file, resolved, symlink } from "../../oci/entries.js";
import { checkWithFsck } from "./fsck.js";

// EROFS is mounted by root only; in a user namespace there is nothing to test.
if (!inUserNamespace()) {
  describe("LayerIndex, mounted", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-erofs,index-"));
    const layer = join(folder, "layer");
    const mounted = join(folder, "mounted");
    mkdirSync(mounted);

    beforeEach(() => {
      mkdirSync(layer);
    });
    afterEach(() => {
      rmSync(layer, { recursive: true });
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    /** What the kernel shows of the layer, as a changeset. */
    async function shown(): Promise<readonly Entry[]> {
      mountLayer(layer, mounted);
      try {
        const overlay = new OverlayXattrs({ userNamespace: false });
        return await resolved(overlayChanges(mounted, overlay), (entry) => readContent(entry));
      } finally {
        unmount(mounted);
      }
    }

    async function assertShown(entries: readonly Entry[]): Promise<void> {
      await writeLayer(entries, layer);
      assert.deepStrictEqual(await shown(), entries);
    }

    it("shows what was written, of every kind", async () => {
      await assertShown(everything());
    });

    const big = Buffer.alloc(60_000, "big");
    const cases: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
      { name: "nothing", entries: [] },
      { name: "an empty file", entries: [file("a")] },
      {
        name: "times before 1970 and after 2106",
        entries: [file("a", "", { mtime: -5 }), file("b", "", { mtime: 2 ** 33 + 1 })],
      },
      {
        name: "names of any bytes",
        entries: Array.from({ length: 254 }, (_, i) => i + 1)
          .filter((byte) => byte !== 0x2e && byte !== 0x2f)
          .map((byte) => ({
            ...file("a", `${byte}`),
            path: String.fromCharCode(byte) as BytePath,
          })),
      },
      { name: "names of 255 bytes", entries: ["a", "b", "c"].map((c) => file(c.repeat(255), c)) },
      {
        name: "a directory 300 deep",
        entries: Array.from({ length: 300 }, (_, i) => {
          return directory(`${"d/".repeat(i)}d`);
        }),
      },
      {
        name: "symlinks of every length",
        entries: Array.from({ length: 600 }, (_, i) => {
          return symlink(`link-${1000 + i}`, "t".repeat(i + 1));
        }),
      },
      { name: "the longest symlink", entries: [symlink("link", "t".repeat(4095))] },
      {
        name: "large and many attributes",
        entries: [
          file("a", "x", {
            xattrs: new Map([
              ["user.a", big],
              ["user.b", big],
              ["user.c", big],
            ]),
          }),
          file("b", "x", {
            xattrs: new Map(
              Array.from({ length: 500 }, (_, i) => [`user.${1000 + i}`, Buffer.from([i])]),
            ),
          }),
        ],
      },
      {
        name: "files of all sizes around blocks and pages",
        entries: [511, 512, 513, 4095, 4096, 4097, 70_000, 3_000_001].map((size, i) =>
          file(`f${i}`, Buffer.alloc(size, String(size))),
        ),
      },
    ];
    for (const { name, entries } of cases) {
      it(`shows ${name}`, () => assertShown(entries));
    }

    it("shows what a patched layer was made of", async () => {
      const many = Array.from({ length: 300 }, (_, i) => file(`zz-${100 + i}`, `${i}`.repeat(400)));
      const before = [...everything(), file("zy", "short"), ...many].sort((one, other) =>
        comparePaths(one.path, other.path),
      );
      await writeLayer(before, layer);
      const changed = [
        directory("hidden", { mode: 0o755, mtime: 5 }),
        file("hidden/unreadable", "longer than a block".repeat(500), { uid: 7 }),
        file("zy", "x"),
        file("zz-200", "one".repeat(3000), { mode: 0o4711 }),
      ];
      const entries: Entry[] = [];
      for (const entry of changed)
        entries.push(
          entry.type === "file" ? { ...entry, sha256: await contentDigest(entry) } : entry,
        );
      const write = patchLayer(layer, entries);
      assert(write !== undefined);
      const patched = join(folder, "patched");
      mkdirSync(patched);
      await write(patched);
      rmSync(layer, { recursive: true });
      renameSync(patched, layer);
      const byPath = new Map(changed.map((entry) => [entry.path, entry]));
      const now = before.map((entry) => byPath.get(entry.path) ?? entry);
      assert.deepStrictEqual(await shown(), now);
    });

    it("shows any tree as it is", async () => {
      const paths = fc.uniqueArray(
        fc.stringMatching(/^[!-~]{1,9}$/).filter((name) => {
          return !name.includes("/") && !/^\.\.?$/.test(name) && !name.startsWith(".wh.");
        }),
        { maxLength: 60 },
      );
      const property = fc.asyncProperty(paths, fc.string(), async (names, content) => {
        rmSync(layer, { recursive: true });
        mkdirSync(layer);
        const inside = (parent: string): Entry[] => {
          return [...names].sort().map((name) => file(`${parent}${name}`, content + name));
        };
        await assertShown([directory("+"), ...inside("+/")]);
      });
      await fc.assert(property, { numRuns: 50 });
    });

    it("shows 100,000 files of one directory, each found by its name", async () => {
      const names = Array.from({ length: 100_000 }, (_, i) => `name-${1_000_000 + i}`);
      await writeLayer(
        names.map((name) => file(name)),
        layer,
      );
      mountLayer(layer, mounted);
      try {
        assert.deepStrictEqual(readdirSync(mounted).sort(), names);
        for (let i = 0; i < names.length; i += 997) statSync(join(mounted, names[i] ?? ""));
        assert.isUndefined(statSync(join(mounted, "name-1"), { throwIfNoEntry: false }));
      } finally {
        unmount(mounted);
      }
    });

    it("shows a file of 9 GiB, to its last byte", () => {
      const size = 9 * 2 ** 30;
      const tar = openSync(join(layer, TAR_NAME), "w");
      ftruncateSync(tar, size + 512);
      writeSync(tar, "the end", 512 + size - 7);
      closeSync(tar);
      const index = new LayerIndex();
      index.add({ ...file("big"), size } as Entry, { offset: 512, sha256: undefined });
      writeFileSync(join(layer, INDEX_NAME), Buffer.concat(index.finish(size + 512)));
      mountLayer(layer, mounted);
      try {
        const big = openSync(join(mounted, "big"), "r");
        const end = Buffer.alloc(8);
        assert.strictEqual(readSync(big, end, 0, 8, size - 8), 8);
        closeSync(big);
        assert.strictEqual(end.toString(), "\0the end");
        assert.strictEqual(statSync(join(mounted, "big")).size, size);
      } finally {
        unmount(mounted);
      }
    });

    checkWithFsck(async () => {
      await writeLayer(everything(), layer);
      return layer;
    });
  });

  describe("canUseErofs()", () => {
    it("is so on this machine, and leaves nothing", async () => {
      const work = mkdtempSync(join(tmpdir(), "tsbuild-probe-"));
      assert.isTrue(await canUseErofs(work));
      assert.deepStrictEqual(readdirSync(work), []);
      rmSync(work, { recursive: true });
    });

    it("is not so upon an overlay, as in a container: the kernel stacks only two", async () => {
      const folder = mkdtempSync(join(tmpdir(), "tsbuild-probe-"));
      const [lower, changes, work, target] = ["lower", "changes", "work", "target"].map((name) => {
        mkdirSync(join(folder, name));
        return join(folder, name);
      }) as [string, string, string, string];
      mountOverlay({ target, lowers: [lower], upper: { changes, work }, userNamespace: false });
      try {
        assert.isFalse(await canUseErofs(target));
        assert.deepStrictEqual(readdirSync(target), []);
      } finally {
        unmount(target);
        rmSync(folder, { recursive: true });
      }
    });
  });
}
