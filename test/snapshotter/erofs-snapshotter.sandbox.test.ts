import { assert } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Changeset, Entry } from "../../src/oci/changeset.js";
import { contentDigest } from "../../src/oci/content.js";
import { digestOf } from "../../src/oci/digest.js";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import { streamOf } from "../../src/oci/stream-of.js";
import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import { openErofsSnapshotter } from "../../src/snapshotter/erofs-snapshotter.js";
import { MOST_LOWERS } from "../../src/snapshotter/overlay-mounts.js";
import type { DraftLayer, LayerId, Snapshotter } from "../../src/snapshotter/snapshotter.js";
import { measureChanges } from "../../src/snapshotter/tree-digest.js";
import { unmount } from "../../src/sys/mounts.js";
import { describeSnapshotter, everything, inUserNamespace } from "../contracts/snapshotter.js";
import { collect } from "../oci/bytes.js";
import { directory, file, symlink, whiteout } from "../oci/entries.js";
import { killPublisherAfter } from "./killed-publisher.js";
import { sampleLayer } from "./sample-layer.js";

/** What was measured, or why nothing could be. */
function summary(result: PromiseSettledResult<DraftLayer>): unknown {
  return result.status === "fulfilled" ? result.value.measure : String(result.reason);
}

function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const targets = mounts.map((line) => line.split(" ")[1] ?? "");
  for (const target of targets.reverse()) if (target.startsWith(`${folder}/`)) unmount(target);
}

/** The other driver, on the same layers. */
function openDirectories(folder: string): Promise<Snapshotter> {
  return openDirectorySnapshotter({
    layers: join(folder, "layers"),
    work: join(folder, "work"),
    userNamespace: false,
  });
}

// EROFS is mounted by root only; in a user namespace there is nothing to test.
if (!inUserNamespace()) {
  describe("openErofsSnapshotter()", () => {
    const folders: string[] = [];

    function open(): Promise<Snapshotter> {
      // a name that would need escaping in mount options
      const folder = mkdtempSync(join(tmpdir(), "tsbuild-erofs,lowerdir=a:b-"));
      folders.push(folder);
      return openErofsSnapshotter({
        layers: join(folder, "layers"),
        work: join(folder, "work"),
        userNamespace: false,
      });
    }

    after(() => {
      for (const folder of folders) {
        unmountBelow(folder);
        rmSync(folder, { recursive: true });
      }
    });

    describeSnapshotter("erofs", open);

    function lastFolder(): string {
      return folders.at(-1) ?? "";
    }

    async function publish(
      snapshots: Snapshotter,
      name: string,
      changes: Changeset,
    ): Promise<LayerId> {
      const id = name as LayerId;
      await using draft = await snapshots.ingest(changes);
      await draft.publish(id);
      await draft.persist();
      return id;
    }

    it("keeps a layer as two files, and nothing in its work directory", async () => {
      const snapshots = await open();
      const id = await publish(snapshots, "a", sampleLayer());
      {
        await using active = await snapshots.prepare([id]);
        writeFileSync(join(active.root, "x"), "x");
        await using _draft = await active.commit();
        await using _dropped = await snapshots.ingest([file("b")]);
        await using _uncommitted = await snapshots.prepare([]);
      }
      const layers = join(lastFolder(), "layers");
      assert.deepStrictEqual(readdirSync(layers), ["a.erofs"]);
      assert.deepStrictEqual(readdirSync(join(layers, "a.erofs")), ["layer.erofs", "layer.tar"]);
      await snapshots.remove(id);
      await snapshots.settled();
      const [mounts = "", ...others] = readdirSync(join(lastFolder(), "work"));
      assert.match(mounts, /^mounts-/);
      assert.deepStrictEqual(others, []);
      assert.deepStrictEqual(readdirSync(join(lastFolder(), "work", mounts)), []);
    });

    it("keeps an edited layer, which shares its tar, when that it was made of is gone", async () => {
      const snapshots = await open();
      const hashed = async (path: string, content: string): Promise<Entry> => {
        const entry = file(path, content);
        return entry.type === "file" ? { ...entry, sha256: await contentDigest(entry) } : entry;
      };
      const before = [await hashed("a", "1"), await hashed("b", "1"), file("c", "1")];
      let [id, entries]: [LayerId, readonly Entry[]] = [
        await publish(snapshots, "l", before),
        before,
      ];
      for (const edit of [await hashed("b", "2".repeat(600)), await hashed("a", "3")]) {
        const tree = snapshots.ingest([]).then(({ measure }) => measure.tree);
        await using draft = await snapshots.replace(id, { entries: [edit], tree });
        const base = id;
        id = `${base}l` as LayerId;
        await draft?.publish(id);
        await draft?.persist();
        await snapshots.remove(base);
        entries = entries.map((entry) => (entry.path === edit.path ? edit : entry));
      }
      assert.deepStrictEqual(await snapshots.list(), [id]);
      const { diffId } = await measureChanges(entries);
      assert.strictEqual(digestOf(await collect(snapshots.tar(id))), diffId);
      assert.strictEqual((await measureChanges(snapshots.changes(id))).diffId, diffId);
      const above = await Promise.all(
        Array.from({ length: MOST_LOWERS }, (_, i) => publish(snapshots, `${i}`, [file(`f${i}`)])),
      );
      for (const chain of [[id], [id, ...above]]) {
        const root = await snapshots.view(chain);
        const contents = ["a", "b", "c"].map((name) => readFileSync(join(root, name), "utf8"));
        assert.deepStrictEqual(contents, ["3", "2".repeat(600), "1"]);
      }
    });

    it("takes layers of the directory driver, also between its own", async () => {
      const snapshots = await open();
      const directories = await openDirectories(lastFolder());
      const two = "two" as LayerId;
      const chain = [
        await publish(snapshots, "one", [file("a", "1"), file("b", "1")]),
        await publish(directories, "two", [file("b", "2"), file("c", "2")]),
        await publish(snapshots, "three", [whiteout("a"), file("c", "3")]),
      ];
      const root = await snapshots.view(chain);
      const contents = ["b", "c"].map((name) => readFileSync(join(root, name), "utf8"));
      assert.deepStrictEqual(
        [readdirSync(root), contents],
        [
          ["b", "c"],
          ["2", "3"],
        ],
      );
      assert.deepStrictEqual([...(await snapshots.list())].sort(), ["one", "three", "two"]);
      const { diffId } = await measureChanges([file("b", "2"), file("c", "2")]);
      assert.strictEqual((await measureChanges(snapshots.changes(two))).diffId, diffId);
      assert.strictEqual(digestOf(await collect(snapshots.tar(two))), diffId);
      assert.deepStrictEqual(await directories.list(), [two]);
      assert.isFalse(await directories.has("one" as LayerId));
      await snapshots.remove(two);
      assert.isFalse(await directories.has(two));
    });

    it("mounts layers of the directory driver below more than can be mounted", async () => {
      const snapshots = await open();
      const directories = await openDirectories(lastFolder());
      const unpacked = await publish(directories, "unpacked", [
        directory("d"),
        file("d/hidden", "0"),
        file("unpacked", "content"),
      ]);
      const hiding = await publish(directories, "hiding", [directory("d"), whiteout("d/hidden")]);
      const many: LayerId[] = [];
      for (let i = 0; i < MOST_LOWERS; i++) {
        await using draft = await snapshots.ingest([file(`f${i}`)]);
        await draft.publish(`l${i}` as LayerId);
        many.push(`l${i}` as LayerId);
      }
      const root = await snapshots.view([unpacked, hiding, ...many]);
      assert.lengthOf(readdirSync(root), MOST_LOWERS + 2);
      assert.deepStrictEqual(readdirSync(join(root, "d")), []);
      assert.strictEqual(readFileSync(join(root, "unpacked"), "utf8"), "content");
    });

    it("does not take files of a layer for an index", async () => {
      const snapshots = await open();
      const directories = await openDirectories(lastFolder());
      const id = await publish(directories, "x", [
        file("layer.erofs", "?"),
        file("layer.tar", "?"),
      ]);
      assert.deepStrictEqual(readdirSync(await snapshots.view([id])), ["layer.erofs", "layer.tar"]);
    });

    it("measures the same as the directory driver", async () => {
      const snapshots = await open();
      const directories = await openDirectorySnapshotter({
        layers: join(lastFolder(), "layers"),
        work: join(lastFolder(), "work"),
        userNamespace: false,
      });
      const label = new Map([["security.selinux", Buffer.from("x")]]);
      for (const entries of [
        [...sampleLayer()],
        everything(),
        [...everything()].reverse(), // links come before their targets
        [file("a/b/c", "", { xattrs: label }), directory(""), symlink("s", "t", { mode: 0o644 })],
      ]) {
        const [mine, theirs] = await Promise.allSettled([
          snapshots.ingestTar(writeLayerTar(entries)),
          directories.ingestTar(writeLayerTar(entries)),
        ]);
        assert.deepStrictEqual(summary(mine), summary(theirs));
      }
    });

    it("keeps a tar from elsewhere as it came, an untidy one too", async () => {
      const snapshots = await open();
      const entries = [file("b"), file("a/b", "1"), directory("a"), file("b", "2")];
      const tar = Buffer.concat([await collect(writeLayerTar(entries)), Buffer.alloc(5120)]);
      await using draft = await snapshots.ingestTar(streamOf(tar));
      await draft.publish("x" as LayerId);
      assert.isTrue((await collect(snapshots.tar("x" as LayerId))).equals(tar));
      const paths: string[] = [];
      for await (const { path } of snapshots.changes("x" as LayerId)) paths.push(path);
      assert.deepStrictEqual(paths, ["a", "a/b", "b"]);
    });

    it("refuses to commit what is out of order", async () => {
      const snapshots = await open();
      const error = await snapshots.ingest([file("b"), file("a")]).catch((e: unknown) => e);
      assert.propertyVal(error, "message", '"a" is not in order');
    });

    it("never has a part of a layer when it is killed", async () => {
      const folder = mkdtempSync(join(tmpdir(), "tsbuild-killed-"));
      folders.push(folder);
      const [layers, work] = [join(folder, "layers"), join(folder, "work")];
      for (const delay of [0, 7, 19, 31]) await killPublisherAfter(delay, [layers, work, "erofs"]);
      rmSync(work, { recursive: true });
      const snapshots = await openErofsSnapshotter({ layers, work, userNamespace: false });
      const { diffId } = await measureChanges(sampleLayer());
      const ids = await snapshots.list();
      assert.isAtLeast(ids.length, 4);
      for (const id of ids) {
        assert.strictEqual((await measureChanges(snapshots.changes(id))).diffId, diffId);
        assert.lengthOf(readdirSync(join(await snapshots.view([id]), "d")), 300);
      }
    });
  });
}
