import { assert } from "chai";
import fc from "fast-check";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  comparePaths,
  type BytePath,
  type Changeset,
  type Entry,
} from "../../src/oci/changeset.js";
import type { FileTree, TreeNode } from "../../src/oci/file-tree.js";
import { readContent } from "../../src/oci/content.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { streamOf } from "../../src/oci/stream-of.js";
import { writeLayerTar } from "../../src/oci/layer-tar.js";
import type {
  LayerChain,
  LayerId,
  Snapshotter,
  LayerMeasure,
  TreeDigest,
} from "../../src/snapshotter/snapshotter.js";
import { readTree } from "../../src/snapshotter/overlay-changes.js";
import { measureChanges, treeDigest } from "../../src/snapshotter/tree-digest.js";
import { FileStat } from "../../src/sys/file-stat.js";
import { getXattr, setXattr } from "../../src/sys/xattrs.js";
import { collect } from "../oci/bytes.js";
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
} from "../oci/entries.js";
import { anyEntry } from "./any-entry.js";

/** True when this process is root only in a user namespace, where the kernel forbids devices. */
export function inUserNamespace(): boolean {
  return !/^\s*0\s+0\s+4294967295/.test(fs.readFileSync("/proc/self/uid_map", "utf8"));
}

const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");

/** Every kind of entry, in order, that this process may create. */
export function everything(): readonly Entry[] {
  const devices = inUserNamespace()
    ? []
    : [device("block", "dev-block", 7, 1048575), device("char", "dev-char", 1, 3)];
  return [
    directory("a", { mode: 0o1777, uid: 5, gid: 6 }),
    file("a/setuid", "#!/bin/sh", { mode: 0o6755, uid: 1000, gid: 1000 }),
    ...devices,
    directory("empty", { mode: 0o700 }),
    fifo("fifo"),
    directory("hidden", { mode: 0 }),
    file("hidden/unreadable", "x", { mode: 0 }),
    hardlink("link", "a/setuid", { mode: 0o6755, uid: 1000, gid: 1000 }),
    directory("opaque"),
    opaque("opaque"),
    whiteout("opaque/inside"),
    symlink("symlink", "/dangling/../x", { uid: 3, gid: 4 }),
    whiteout("whiteout"),
    file("xattrs", "bytes", {
      xattrs: new Map([
        ["security.capability", capability],
        ["user.binary", Buffer.from([0, 255, 10])],
        ["user.overlay.opaque", Buffer.from("y")],
      ]),
    }),
    { ...file("x", "any bytes"), path: "z\xff\xfe" as BytePath },
  ];
}

/** As another tool would write it: padded to ten kilobytes. */
async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = await collect(writeLayerTar(entries));
  return Buffer.concat([tar, Buffer.alloc(10_240 - (tar.byteLength % 10_240))]);
}

/** A file whose digest is known. */
function hashed(path: string, text: string, extra = {}): Entry {
  return { ...file(path, text, extra), sha256: hexOf(digestOf(Buffer.from(text))) } as Entry;
}

/** Overlays in the directory where one is mounted: this one and others of its snapshotter. */
function overlaysBeside(root: string): number {
  const mounts = fs.readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.filter((line) => line.startsWith(`overlay ${dirname(root)}/`)).length;
}

function sorted(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].sort((a, b) => comparePaths(a.path, b.path));
}

/** Without what `files` may know of a content that was read; fails when it is wrong. */
function withoutDigest(entry: Entry): Entry {
  if (entry.type !== "file" || entry.content.kind !== "bytes") return entry;
  const { sha256, ...rest } = entry;
  if (sha256 !== undefined) assert.strictEqual(`sha256:${sha256}`, digestOf(entry.content.bytes));
  return rest;
}

/** Everything in a tree but its root. */
function* walk(tree: FileTree): Generator<Entry> {
  const firstNames = new Map<string, BytePath>();
  const open: BytePath[] = [...tree.names("" as BytePath)].reverse();
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const node = tree.lstat(path);
    if (node === undefined) throw new Error(`nothing at ${path}`);
    const { entry, inode } = node;
    const target = inode === undefined ? undefined : firstNames.get(inode);
    if (inode !== undefined && target === undefined) firstNames.set(inode, path);
    yield target === undefined ? entry : linkTo(target, entry);
    const inside = tree.names(path).map((name) => `${path}/${name}` as BytePath);
    open.push(...inside.reverse());
  }
}

function linkTo(
  target: BytePath,
  { path, mode, uid, gid, mtime, xattrs }: TreeNode["entry"],
): Entry {
  const common = { path, mode, uid, gid, mtime, ...(xattrs === undefined ? {} : { xattrs }) };
  return { type: "hardlink", ...common, target };
}

/** Backwards; links stay at the end, behind what they link to. */
function reversed(entries: readonly Entry[]): readonly Entry[] {
  const isLink = ({ type }: Entry): boolean => type === "hardlink";
  return [...entries.filter((entry) => !isLink(entry)).reverse(), ...entries.filter(isLink)];
}

/** Every Snapshotter must pass this; each implementation brings its own factory. */
export function describeSnapshotter(name: string, open: () => Promise<Snapshotter>): void {
  describe(`Snapshotter: ${name}`, () => {
    let snapshots: Snapshotter;
    let count = 0;

    beforeEach(async () => {
      snapshots = await open();
    });

    async function layer(changes: Changeset): Promise<LayerId> {
      const id = `layer-${++count}` as LayerId;
      await using draft = await snapshots.ingest(changes);
      await draft.publish(id);
      return id;
    }

    /** Publishes what `change` does to the root over `parent`. */
    async function ran(
      parent: LayerChain,
      change: (root: string) => void,
    ): Promise<{ readonly id: LayerId; readonly measure: LayerMeasure }> {
      const id = `layer-${++count}` as LayerId;
      await using active = await snapshots.prepare(parent);
      change(active.root);
      await using draft = await active.commit();
      await draft.publish(id);
      return { id, measure: draft.measure };
    }

    async function pathsOf(id: LayerId): Promise<readonly string[]> {
      const paths: string[] = [];
      for await (const { type, path } of snapshots.changes(id)) paths.push(`${type} ${path}`);
      return paths;
    }

    describe("ingest()", () => {
      it("keeps every kind of entry, byte for byte", async () => {
        const id = await layer(everything());
        const back = await resolved(snapshots.changes(id), (entry) => readContent(entry));
        assert.deepStrictEqual(back, everything());
      });

      it("measures what changes() tells later, twice the same", async () => {
        await using one = await snapshots.ingest(everything());
        await using two = await snapshots.ingest(everything());
        assert.deepStrictEqual(one.measure, two.measure);
        assert.strictEqual(one.measure.size, (await collect(writeLayerTar(everything()))).length);
        await one.publish("x" as LayerId);
        assert.deepStrictEqual(
          await measureChanges(snapshots.changes("x" as LayerId)),
          one.measure,
        );
      });

      it("gives back the tar that it measured", async () => {
        await using draft = await snapshots.ingest(everything());
        await draft.publish("x" as LayerId);
        const tar = await collect(snapshots.tar("x" as LayerId));
        assert.isTrue(tar.equals(await collect(writeLayerTar(everything()))));
        assert.strictEqual(tar.byteLength, draft.measure.size);
      });

      for (const size of [64_000, 64_001, 200_000]) {
        it(`keeps a layer with ${size} bytes of content, the last that fit in 64 kB among them`, async () => {
          const entries = [file("a", "x".repeat(size))];
          await using draft = await snapshots.ingest(entries);
          await draft.publish("x" as LayerId);
          const tar = await collect(snapshots.tar("x" as LayerId));
          assert.strictEqual(digestOf(tar), draft.measure.diffId);
          const root = await snapshots.view(["x" as LayerId]);
          assert.lengthOf(fs.readFileSync(join(root, "a")), size);
        });
      }

      const unstorable: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
        { name: "from before 1970", entries: [file("a", "", { mtime: -5 })] },
        {
          name: "with a label of another machine",
          entries: [file("a", "", { xattrs: new Map([["security.selinux", Buffer.from("x")]]) })],
        },
      ];
      for (const { name, entries } of unstorable) {
        it(`measures a changeset ${name} as it tells it`, async () => {
          await using draft = await snapshots.ingest(entries);
          await draft.publish("x" as LayerId);
          const again = await measureChanges(snapshots.changes("x" as LayerId));
          assert.deepStrictEqual(again, draft.measure);
        });
      }

      const large = "large".repeat(60_000);
      const similars: readonly {
        readonly name: string;
        readonly before: readonly Entry[];
        readonly now: readonly Entry[];
      }[] = [
        {
          name: "with a file edited, one new and one away",
          before: [directory("d"), hashed("d/a", "old"), hashed("d/b", "b"), hashed("d/c", "c")],
          now: [directory("d"), hashed("d/a", "new"), hashed("d/b", "b"), hashed("d/d", "d")],
        },
        {
          name: "of large files",
          before: [hashed("a", large), hashed("b", `x${large}`)],
          now: [hashed("a", large), hashed("b", `y${large}`)],
        },
        {
          name: "of other modes, owners, times and attributes",
          before: ["a", "b", "c", "d", "e"].map((path) => hashed(path, "same")),
          now: [
            hashed("a", "same", { mode: 0o755 }),
            hashed("b", "same", { uid: 3 }),
            hashed("c", "same", { gid: 3 }),
            hashed("d", "same", { mtime: 5 }),
            hashed("e", "same", { xattrs: new Map([["user.x", Buffer.from("x")]]) }),
          ],
        },
        {
          name: "that had attributes",
          before: [hashed("a", "same", { xattrs: new Map([["user.x", Buffer.from("x")]]) })],
          now: [hashed("a", "same")],
        },
        {
          name: "where two names of one file are two files now",
          before: [hashed("a", "same"), hardlink("b", "a")],
          now: [hashed("a", "same"), hashed("b", "same")],
        },
        {
          name: "where two files are two names of one now",
          before: [hashed("a", "same"), hashed("b", "same"), hashed("c", "same")],
          now: [hashed("a", "same"), hardlink("b", "a"), hashed("c", "same")],
        },
        {
          name: "where links led elsewhere",
          before: [directory("d"), hashed("d/a", "same"), symlink("l", "d"), symlink("s", "d/a")],
          now: [directory("l"), hashed("l/a", "same"), hashed("s", "same")],
        },
        {
          name: "of other types",
          before: [directory("a"), fifo("b"), whiteout("c")],
          now: [hashed("a", "same"), hashed("b", "same"), hashed("c", "same")],
        },
      ];
      for (const { name, before, now } of similars) {
        it(`makes the same layer with a similar one ${name}, and leaves that as it is`, async () => {
          const similar = await layer(before);
          await using draft = await snapshots.ingest(now, { similar });
          await using alone = await snapshots.ingest(now);
          assert.deepStrictEqual(draft.measure, alone.measure);
          await draft.publish("x" as LayerId);
          const again = await measureChanges(snapshots.changes("x" as LayerId));
          assert.deepStrictEqual(again, draft.measure);
          const earlier = await measureChanges(snapshots.changes(similar));
          assert.strictEqual(earlier.diffId, (await measureChanges(before)).diffId);
        });
      }

      it("makes the same layer when the similar one is gone", async () => {
        await using draft = await snapshots.ingest([hashed("a", "a")], {
          similar: "gone" as LayerId,
        });
        await using alone = await snapshots.ingest([hashed("a", "a")]);
        assert.deepStrictEqual(draft.measure, alone.measure);
      });

      it("makes the same layer of what is known to have that tree digest, and of what it stores another way", async () => {
        const link = { ...symlink("l", "a"), mode: 0o640 } as Entry;
        for (const now of [
          [hashed("a", "a"), symlink("b", "a")],
          [hashed("a", "a"), link],
        ]) {
          const tree = await treeDigest(now);
          await using draft = await snapshots.ingest(now, { tree });
          await using alone = await snapshots.ingest(now);
          assert.deepStrictEqual(draft.measure, alone.measure);
        }
      });

      it("leaves nothing of a changeset that fails", async () => {
        function* failing(): Generator<Entry> {
          yield file("a");
          throw new Error("the source broke");
        }
        const error = await snapshots.ingest(failing()).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        assert.propertyVal(error, "message", "the source broke");
        assert.deepStrictEqual(await snapshots.list(), []);
      });

      it("stops when told to", async () => {
        const reason = new Error("stop");
        const error = await snapshots.ingest(everything(), {}, AbortSignal.abort(reason)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.strictEqual(error, reason);
      });
    });

    describe("replace()", () => {
      const entries = [
        directory("hidden", { mode: 0o711 }),
        hashed("hidden/unreadable", "now".repeat(1000), { uid: 4 }),
      ];

      it("makes what ingest() makes of all, or leaves it to that", async () => {
        const base = await layer(everything());
        const now = everything().map(
          (entry) => entries.find(({ path }) => path === entry.path) ?? entry,
        );
        await using draft = await snapshots.ingest(now);
        const { tree } = draft.measure;
        await using replaced = await snapshots.replace(base, {
          entries,
          tree: Promise.resolve(tree),
        });
        assert.strictEqual(replaced !== undefined, snapshots.name === "erofs");
        if (replaced === undefined) return;
        assert.deepStrictEqual(replaced.measure, draft.measure);
        await replaced.publish("x" as LayerId);
        const seen = await measureChanges(snapshots.changes("x" as LayerId));
        assert.deepStrictEqual(seen, draft.measure);
        const earlier = await measureChanges(snapshots.changes(base));
        assert.strictEqual(earlier.diffId, (await measureChanges(everything())).diffId);
      });

      const tree = Promise.resolve("vouched for" as TreeDigest);
      it("leaves what it cannot do to ingest()", async () => {
        const base = await layer(everything());
        const foreign = "foreign" as LayerId;
        await using draft = await snapshots.ingestTar(streamOf(await tarOf(everything())));
        await draft.publish(foreign);
        assert.isUndefined(await snapshots.replace("gone" as LayerId, { entries, tree }));
        assert.isUndefined(await snapshots.replace(foreign, { entries, tree }));
        const added = [hashed("new", "new")];
        assert.isUndefined(await snapshots.replace(base, { entries: added, tree }));
      });

      it("stops when told to, and leaves nothing", async () => {
        const base = await layer(everything());
        const reason = new Error("stop");
        const thrown = await snapshots
          .replace(base, { entries, tree }, AbortSignal.abort(reason))
          .catch((error: unknown) => error);
        assert.strictEqual(thrown, snapshots.name === "erofs" ? reason : undefined);
        assert.deepStrictEqual(await snapshots.list(), [base]);
      });
    });

    describe("ingestTar()", () => {
      const untidy: readonly { readonly name: string; readonly entries: readonly Entry[] }[] = [
        { name: "in order", entries: everything() },
        { name: "in the opposite order, but for links", entries: reversed(everything()) },
        { name: "with its root at the end", entries: [file("a"), directory("", { mode: 0o711 })] },
        { name: "out of order", entries: [file("b"), file("a")] },
        { name: "without parents", entries: [file("a/b/c")] },
        { name: "with repeats", entries: [file("a", "1"), file("a", "2")] },
        { name: "with a file for a directory", entries: [directory("a"), file("a/b"), file("a")] },
        { name: "with a directory for a file", entries: [file("a"), directory("a"), file("a/b")] },
        { name: "with a linked parent", entries: [directory("a"), symlink("l", "a"), file("l/b")] },
        {
          name: "with a chain of links",
          entries: [file("a"), hardlink("b", "a"), hardlink("c", "b")],
        },
        { name: "with a changed link", entries: [file("a"), hardlink("b", "a", { mode: 0o600 })] },
        { name: "with a whiteout of its own", entries: [directory("a"), whiteout("a")] },
        { name: "with a directory over a whiteout", entries: [whiteout("a"), directory("a")] },
        { name: "with a file below a whiteout", entries: [whiteout("a"), file("a/b")] },
        {
          name: "with devices",
          entries: [file("a"), device("char", "b", 1, 3), fifo("c"), device("block", "d", 7, 1)],
        },
        {
          name: "with a device in place of a file, and a file in place of one",
          entries: [
            ...[file("a", "1"), device("char", "a", 1, 3)],
            ...[device("char", "b", 1, 3), file("b", "2")],
          ],
        },
        {
          name: "with a device in place of a directory",
          entries: [directory("a"), file("a/b"), device("char", "a", 1, 3)],
        },
        {
          name: "with a device whose directory is not listed",
          entries: [device("char", "dev/null", 1, 3), file("e")],
        },
        { name: "from before 1970", entries: [file("a", "", { mtime: -5 })] },
        {
          name: "with a label of another machine",
          entries: [file("a", "", { xattrs: new Map([["security.selinux", Buffer.from("x")]]) })],
        },
      ];
      for (const { name, entries } of untidy) {
        it(`measures a tar ${name}: its bytes, and the tree that it amounts to`, async () => {
          const tar = await tarOf(entries);
          await using draft = await snapshots.ingestTar(streamOf(tar));
          await draft.publish("x" as LayerId);
          const { tree } = await measureChanges(snapshots.changes("x" as LayerId));
          const want = { diffId: digestOf(tar), tree, size: tar.byteLength };
          assert.deepStrictEqual(draft.measure, want);
        });

        it(`shows a tar ${name} as it tells it`, async () => {
          const id = "x" as LayerId;
          await using draft = await snapshots.ingestTar(streamOf(await tarOf(entries)));
          await draft.publish(id);
          const told = await resolved(snapshots.changes(id), (entry) => readContent(entry));
          const isPresent = ({ type, path }: Entry): boolean =>
            path !== "" && type !== "whiteout" && type !== "opaque";
          const shown = await resolved(readTree(await snapshots.view([id])), (entry) =>
            readContent(entry),
          );
          assert.deepStrictEqual(shown, told.filter(isPresent));
        });
      }

      it("takes the last of repeated entries", async () => {
        const entries = [directory("a"), file("a/b", "1"), file("a/b", "2"), directory("a")];
        await using draft = await snapshots.ingestTar(streamOf(await tarOf(entries)));
        await draft.publish("x" as LayerId);
        const root = await snapshots.view(["x" as LayerId]);
        assert.strictEqual(fs.readFileSync(join(root, "a/b"), "utf8"), "2");
      });

      it("keeps large files, with small ones on both sides", async () => {
        const large = Buffer.alloc(3_000_001, "large");
        const entries = [file("a", "1"), file("b", large), file("c", "2")];
        await using draft = await snapshots.ingestTar(streamOf(await tarOf(entries)));
        await draft.publish("x" as LayerId);
        const root = await snapshots.view(["x" as LayerId]);
        assert.isTrue(fs.readFileSync(join(root, "b")).equals(large));
        assert.strictEqual(fs.readFileSync(join(root, "c"), "utf8"), "2");
        assert.strictEqual(draft.measure.tree, (await measureChanges(entries)).tree);
      });

      it("leaves nothing of a tar that breaks off", async () => {
        const tar = await tarOf(everything());
        const error = await snapshots.ingestTar(streamOf(tar.subarray(0, 1000))).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        assert.propertyVal(error, "code", "INVALID_ARCHIVE");
        assert.deepStrictEqual(await snapshots.list(), []);
      });

      it("stops when told to", async () => {
        const reason = new Error("stop");
        const tar = streamOf(await tarOf(everything()));
        const error = await snapshots.ingestTar(tar, AbortSignal.abort(reason)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.strictEqual(error, reason);
      });
    });

    describe("publish()", () => {
      it("makes a draft visible", async () => {
        await using draft = await snapshots.ingest([file("a")]);
        const id = "a" as LayerId;
        assert.isFalse(await snapshots.has(id));
        await draft.publish(id);
        assert.isTrue(await snapshots.has(id));
        assert.deepStrictEqual(await snapshots.list(), [id]);
      });

      it("keeps the layer of whoever was first", async () => {
        const id = "same" as LayerId;
        const drafts = await Promise.all([1, 2, 3].map(() => snapshots.ingest([file("a", "x")])));
        await Promise.all(drafts.map((draft) => draft.publish(id)));
        assert.deepStrictEqual(await snapshots.list(), [id]);
        assert.deepStrictEqual(await pathsOf(id), ["file a"]);
      });

      it("drops a draft that is disposed before", async () => {
        {
          await using _draft = await snapshots.ingest([file("a")]);
        }
        assert.deepStrictEqual(await snapshots.list(), []);
      });
    });

    describe("prepare()", () => {
      it("commits nothing as the well-known empty layer", async () => {
        const { measure } = await ran([await layer(everything())], () => undefined);
        assert.strictEqual(
          measure.diffId,
          "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        );
      });

      it("drops an active snapshot that is disposed before commit", async () => {
        {
          await using active = await snapshots.prepare([]);
          fs.writeFileSync(join(active.root, "a"), "x");
        }
        assert.deepStrictEqual(await snapshots.list(), []);
      });

      it("gives what getReady() made to one state, over whichever parent, and makes it for others", async () => {
        const below = await layer([file("below", "b")]);
        snapshots.getReady();
        snapshots.getReady();
        await using one = await snapshots.prepare([below]);
        await using other = await snapshots.prepare([]);
        fs.writeFileSync(join(one.root, "one"), "");
        assert.deepStrictEqual(fs.readdirSync(one.root), ["below", "one"]);
        assert.deepStrictEqual(fs.readdirSync(other.root), []);
      });

      const standIns = { directory: "etc", files: ["hosts", "names"] };

      it("gives what getReady() begins over a parent to the first who asks for the same", async () => {
        const below = await layer([directory("etc"), file("etc/a")]);
        snapshots.getReady([below], standIns);
        snapshots.getReady([below], standIns);
        await using other = await snapshots.prepare([below]);
        await using first = await snapshots.prepare([below], standIns);
        assert.strictEqual(overlaysBeside(first.root), 2);
        await using second = await snapshots.prepare([below], standIns);
        fs.writeFileSync(join(first.root, "new"), "");
        for (const { root } of [first, second])
          assert.sameMembers(fs.readdirSync(join(root, "etc")), ["a", "hosts", "names"]);
        assert.deepStrictEqual(fs.readdirSync(join(other.root, "etc")), ["a"]);
        assert.deepStrictEqual(fs.readdirSync(second.root), ["etc"]);
        await using draft = await first.commit();
        await draft.publish("x" as LayerId);
        assert.deepStrictEqual(await pathsOf("x" as LayerId), ["file new"]);
      });

      it("takes away what getReady() began and nobody asked for", async () => {
        const below = await layer([file("below")]);
        await using active = await snapshots.prepare([below]);
        snapshots.getReady([below]);
        while (overlaysBeside(active.root) < 2) await setTimeout(1);
        await snapshots.settled();
        assert.strictEqual(overlaysBeside(active.root), 1);
      });

      const places: readonly {
        readonly name: string;
        readonly layers: readonly (readonly Entry[])[];
        /** What is in "/etc" then; undefined: there is no such directory. */
        readonly shown: Readonly<Record<string, string>> | undefined;
      }[] = [
        {
          name: "in a directory of one layer",
          layers: [[directory("etc"), file("etc/a", "a")], [file("b")]],
          shown: { a: "a", hosts: "", names: "" },
        },
        {
          name: "beside one that a layer has",
          layers: [[directory("etc")], [directory("etc"), file("etc/hosts", "own")]],
          shown: { hosts: "own", names: "" },
        },
        {
          name: "but one that a layer took away",
          layers: [
            [directory("etc"), file("etc/hosts")],
            [directory("etc"), whiteout("etc/hosts")],
          ],
          shown: { names: "" },
        },
        {
          name: "in no directory that hides what is below it",
          layers: [[directory("etc")], [directory("etc"), opaque("etc")]],
          shown: {},
        },
        { name: "in no directory of their own", layers: [[file("f")]], shown: undefined },
        {
          name: "in none that a layer took away",
          layers: [[directory("etc"), file("etc/a")], [whiteout("etc")]],
          shown: undefined,
        },
        {
          name: "behind no link",
          layers: [[directory("d"), symlink("etc", "d")]],
          shown: {},
        },
        { name: "over no layer", layers: [], shown: undefined },
      ];
      for (const { name, layers, shown } of places) {
        it(`shows stand-ins ${name}, and keeps none`, async () => {
          const chain: LayerId[] = [];
          for (const entries of layers) chain.push(await layer(entries));
          const id = `layer-${++count}` as LayerId;
          await using active = await snapshots.prepare(chain, standIns);
          const etc = join(active.root, "etc");
          const names = fs.existsSync(etc) ? fs.readdirSync(etc).sort() : undefined;
          assert.deepStrictEqual(names, shown && Object.keys(shown).sort());
          for (const [file, text] of Object.entries(shown ?? {})) {
            assert.strictEqual(fs.readFileSync(join(etc, file), "utf8"), text);
          }
          fs.writeFileSync(join(active.root, "new"), "");
          if (names !== undefined) fs.writeFileSync(join(etc, "new"), "");
          await using draft = await active.commit();
          await draft.publish(id);
          const inEtc = name.endsWith("link")
            ? ["directory d", "file d/new"]
            : ["directory etc", "file etc/new"];
          assert.deepStrictEqual(await pathsOf(id), [...(names ? inEtc : []), "file new"]);
          const view = join(await snapshots.view([...chain, id]), "etc");
          const kept = Object.keys(shown ?? {}).filter((file) => shown?.[file] !== "");
          const there = fs.existsSync(view) ? fs.readdirSync(view).sort() : undefined;
          assert.deepStrictEqual(there, names && [...kept, "new"].sort());
        });
      }

      it("leaves the directory of stand-ins as the layers have it", async () => {
        const id = await layer([directory("etc", { mode: 0o1750, uid: 3, gid: 4 })]);
        await using active = await snapshots.prepare([id], standIns);
        const { mode, uid, gid, mtimeMs } = fs.statSync(join(active.root, "etc"));
        assert.deepStrictEqual(
          [mode & 0o7777, uid, gid, mtimeMs],
          [0o1750, 3, 4, 1_700_000_000_000],
        );
        await using draft = await active.commit();
        assert.strictEqual(draft.measure.size, 1024); // of nothing
      });

      it("collects what was written, with owners, modes and links", async () => {
        const { id, measure } = await ran([], (root) => {
          fs.mkdirSync(join(root, "d"));
          fs.writeFileSync(join(root, "d/f"), "x");
          fs.chownSync(join(root, "d/f"), 7, 8);
          fs.chmodSync(join(root, "d/f"), 0o4711);
          fs.linkSync(join(root, "d/f"), join(root, "d/g"));
          fs.symlinkSync("d", join(root, "s"));
          setXattr(join(root, "s"), "security.capability", capability);
        });
        const entries: Entry[] = [];
        for await (const entry of snapshots.changes(id)) entries.push(entry);
        assert.containSubset(entries, [
          { type: "directory", path: "d", mode: 0o755, uid: 0 },
          { type: "file", path: "d/f", mode: 0o4711, uid: 7, gid: 8, size: 1 },
          { type: "hardlink", path: "d/g", target: "d/f" },
          { type: "symlink", path: "s", target: "d" },
        ]);
        assert.deepStrictEqual(await measureChanges(snapshots.changes(id)), measure);
      });

      const base = [directory("d"), file("d/a", "a"), file("d/b", "b"), file("f", "f")];
      const replacements: readonly {
        readonly name: string;
        readonly change: (root: string) => void;
        readonly changes: readonly string[];
        readonly paths: readonly string[];
      }[] = [
        {
          name: "a removed file",
          change: (root) => {
            fs.rmSync(join(root, "d/a"));
          },
          changes: ["directory d", "whiteout d/a"],
          paths: ["d", "d/b", "f"],
        },
        {
          name: "a removed directory",
          change: (root) => {
            fs.rmSync(join(root, "d"), { recursive: true });
          },
          changes: ["whiteout d"],
          paths: ["f"],
        },
        {
          name: "a file that became a directory",
          change: (root) => {
            fs.rmSync(join(root, "f"));
            fs.mkdirSync(join(root, "f"));
          },
          changes: ["directory f", "opaque f"],
          paths: ["d", "d/a", "d/b", "f"],
        },
        {
          name: "a directory that became a file",
          change: (root) => {
            fs.rmSync(join(root, "d"), { recursive: true });
            fs.writeFileSync(join(root, "d"), "");
          },
          changes: ["file d"],
          paths: ["d", "f"],
        },
        {
          name: "a directory that became a symlink",
          change: (root) => {
            fs.rmSync(join(root, "d"), { recursive: true });
            fs.symlinkSync("f", join(root, "d"));
          },
          changes: ["symlink d"],
          paths: ["d", "f"],
        },
        {
          name: "a directory made anew",
          change: (root) => {
            fs.rmSync(join(root, "d"), { recursive: true });
            fs.mkdirSync(join(root, "d"));
            fs.writeFileSync(join(root, "d/c"), "");
          },
          changes: ["directory d", "opaque d", "file d/c"],
          paths: ["d", "d/c", "f"],
        },
      ];
      for (const { name, change, changes, paths } of replacements) {
        it(`tells of ${name}, and shows it`, async () => {
          const parent = await layer(base);
          const { id } = await ran([parent], change);
          assert.deepStrictEqual(await pathsOf(id), changes);
          const view = await snapshots.view([parent, id]);
          const seen = fs.readdirSync(view, { recursive: true, encoding: "utf8" });
          assert.deepStrictEqual(seen.sort(), paths);
          const copy = await layer(snapshots.changes(id)); // through a changeset, as a push and a pull
          const again = await snapshots.view([parent, copy]);
          assert.deepStrictEqual(
            fs.readdirSync(again, { recursive: true, encoding: "utf8" }).sort(),
            paths,
          );
        });
      }

      const copied = [
        directory("d"),
        file("d/f", "content"),
        symlink("d/l", "f"),
        file("d/one", "names"),
        directory("d/sub"),
        file("d/sub/g", "g"),
        hardlink("d/two", "d/one"),
        directory("e"),
      ];
      const rewrite = (path: string, content: string): void => {
        const { atime, mtime } = fs.statSync(path);
        fs.writeFileSync(path, content);
        fs.utimesSync(path, atime, mtime);
      };
      const repeats: readonly {
        readonly name: string;
        readonly change: (root: string) => void;
        readonly changes: readonly string[];
      }[] = [
        {
          name: "a file with the mode that it had",
          change: (root) => {
            fs.chmodSync(join(root, "d/f"), 0o600);
            fs.chmodSync(join(root, "d/f"), 0o644);
          },
          changes: [],
        },
        {
          name: "directories, links and files with the owners that they had",
          change: (root) => {
            for (const path of ["d", "d/f", "d/l", "d/sub", "d/sub/g", "e"])
              fs.lchownSync(join(root, path), 0, 0);
          },
          changes: [],
        },
        {
          name: "a file with the content and the time that it had",
          change: (root) => {
            rewrite(join(root, "d/f"), "other");
            rewrite(join(root, "d/f"), "content");
          },
          changes: [],
        },
        {
          name: "a file in the place of one that is the same",
          change: (root) => {
            const { atime, mtime } = fs.statSync(join(root, "d/f"));
            fs.rmSync(join(root, "d/f"));
            fs.writeFileSync(join(root, "d/f"), "content", { mode: 0o644 });
            fs.utimesSync(join(root, "d/f"), atime, mtime);
          },
          changes: [],
        },
        {
          name: "a directory of another time only",
          change: (root) => {
            fs.writeFileSync(join(root, "d/sub/new"), "");
            fs.rmSync(join(root, "d/sub/new"));
          },
          changes: [],
        },
        {
          name: "a directory of another mode",
          change: (root) => {
            fs.chmodSync(join(root, "d/sub"), 0o700);
          },
          changes: ["directory d", "directory d/sub"],
        },
        {
          name: "a file of another time",
          change: (root) => {
            fs.utimesSync(join(root, "d/f"), 1, 1);
          },
          changes: ["directory d", "file d/f"],
        },
        {
          name: "a file of other content, of the size and the time that it had",
          change: (root) => {
            rewrite(join(root, "d/f"), "CONTENT");
          },
          changes: ["directory d", "file d/f"],
        },
        {
          name: "a file with an attribute",
          change: (root) => {
            setXattr(join(root, "d/f"), "user.x", Buffer.from("x"));
          },
          changes: ["directory d", "file d/f"],
        },
        {
          name: "a file that has one more name now, with both",
          change: (root) => {
            fs.linkSync(join(root, "d/f"), join(root, "d/g"));
          },
          changes: ["directory d", "file d/f", "hardlink d/g"],
        },
        {
          name: "the way to a change, and nothing beside it",
          change: (root) => {
            fs.chmodSync(join(root, "d/f"), 0o644);
            fs.lchownSync(join(root, "e"), 0, 0);
            fs.appendFileSync(join(root, "d/sub/g"), "more");
          },
          changes: ["directory d", "directory d/sub", "file d/sub/g"],
        },
        {
          name: "a directory made anew, with what is in it as before",
          change: (root) => {
            fs.rmSync(join(root, "d"), { recursive: true });
            fs.mkdirSync(join(root, "d"), 0o755);
            fs.writeFileSync(join(root, "d/f"), "content");
            fs.utimesSync(join(root, "d/f"), 1_700_000_000, 1_700_000_000);
          },
          changes: ["directory d", "opaque d", "file d/f"],
        },
      ];
      for (const { name, change, changes } of repeats) {
        it(`${changes.length === 0 ? "leaves out" : "tells of"} ${name}`, async () => {
          const parent = await layer(copied);
          let seen: readonly string[] = [];
          const { id, measure } = await ran([parent], (root) => {
            change(root);
            seen = fs.readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
          });
          assert.deepStrictEqual(await pathsOf(id), changes);
          assert.deepStrictEqual(await measureChanges(snapshots.changes(id)), measure);
          const view = await snapshots.view([parent, id]);
          assert.deepStrictEqual(
            fs.readdirSync(view, { recursive: true, encoding: "utf8" }).sort(),
            seen,
          );
        });
      }

      it("says only of a directory that hides something that it does", async () => {
        const parent = await layer(copied);
        const { id, measure } = await ran([parent], (root) => {
          fs.mkdirSync(join(root, "d/new.tmp"));
          fs.writeFileSync(join(root, "d/new.tmp/a"), "a");
          fs.renameSync(join(root, "d/new.tmp"), join(root, "d/new"));
          fs.rmSync(join(root, "d/sub"), { recursive: true });
          fs.mkdirSync(join(root, "d/sub.tmp/inner"), { recursive: true });
          fs.renameSync(join(root, "d/sub.tmp"), join(root, "d/sub"));
        });
        const told = ["directory d", "directory d/new", "file d/new/a"];
        told.push("directory d/sub", "opaque d/sub", "directory d/sub/inner");
        assert.deepStrictEqual(await pathsOf(id), told);
        assert.deepStrictEqual(await measureChanges(snapshots.changes(id)), measure);
        const view = await snapshots.view([parent, id]);
        assert.deepStrictEqual(fs.readdirSync(join(view, "d/sub")), ["inner"]);
      });

      it("leaves out what is the same in the uppermost of several layers that have it", async () => {
        const chain = [await layer(copied), await layer([directory("d"), file("d/f", "other")])];
        const { id } = await ran(chain, (root) => {
          fs.chmodSync(join(root, "d/f"), 0o644);
        });
        assert.deepStrictEqual(await pathsOf(id), []);
        const { id: next } = await ran([...chain, id], (root) => {
          rewrite(join(root, "d/f"), "content");
        });
        assert.deepStrictEqual(await pathsOf(next), ["directory d", "file d/f"]);
      });

      it("shows the root directory of the layer that lists it, above others that do not", async () => {
        const listed = await layer([directory("", { mode: 0o1555, uid: 9, gid: 9 }), file("a")]);
        const silent = await layer([file("b")]);
        await using active = await snapshots.prepare([listed, silent]);
        for (const root of [active.root, await snapshots.view([listed, silent])]) {
          const { mode, uid, mtimeMs } = fs.statSync(root);
          assert.deepStrictEqual([mode & 0o7777, uid, mtimeMs], [0o1555, 9, 1_700_000_000_000]);
        }
      });

      it("lists the root directory only when it changed", async () => {
        const { id } = await ran([], (root) => {
          fs.chmodSync(root, 0o700);
        });
        assert.deepStrictEqual(await pathsOf(id), ["directory "]);
        const { id: next } = await ran([id], (root) => {
          assert.strictEqual(fs.statSync(root).mode & 0o7777, 0o700);
          fs.writeFileSync(join(root, "a"), "");
        });
        assert.deepStrictEqual(await pathsOf(next), ["file a"]);
      });

      it("leaves sockets out", async () => {
        const { createServer } = await import("node:net");
        const server = createServer();
        await using active = await snapshots.prepare([]);
        await new Promise<void>((done) => server.listen(join(active.root, "socket"), done));
        await using draft = await active.commit();
        await new Promise((done) => server.close(done));
        assert.strictEqual(draft.measure.size, 1024);
      });
    });

    describe("release()", () => {
      it("leaves views and snapshots as they are, and shows the same afterwards", async () => {
        const chain = [await layer([file("a")]), await layer([file("b")])];
        await using active = await snapshots.prepare(chain);
        const root = await snapshots.view(chain);
        snapshots.release();
        assert.deepStrictEqual(fs.readdirSync(root), ["a", "b"]);
        fs.writeFileSync(join(active.root, "c"), "");
        await using draft = await active.commit();
        await draft.publish("c" as LayerId);
        const { id } = await ran([...chain, "c" as LayerId], (changed) => {
          fs.rmSync(join(changed, "b"));
        });
        snapshots.release();
        assert.deepStrictEqual(
          fs.readdirSync(await snapshots.view([...chain, "c" as LayerId, id])),
          ["a", "c"],
        );
      });
    });

    describe("view()", () => {
      it("shows no, one and many layers, read-only", async () => {
        const layers: LayerId[] = [];
        for (let i = 0; i < 130; i++) layers.push(await layer([file(`file-${i}`, String(i))]));
        for (const length of [0, 1, 2, 130]) {
          const root = await snapshots.view(layers.slice(0, length));
          assert.lengthOf(fs.readdirSync(root), length);
          assert.throws(() => {
            fs.writeFileSync(join(root, "x"), "");
          }, /EROFS/);
        }
        const { id } = await ran(layers, (root) => {
          fs.rmSync(join(root, "file-7"));
        });
        assert.deepStrictEqual(await pathsOf(id), ["whiteout file-7"]);
      });

      it("shows a chain in which a layer comes twice, as steps that change nothing make it", async () => {
        const [a, b] = [await layer([file("a", "1"), file("b")]), await layer([file("a", "2")])];
        const chain = [a, b, a, a];
        const root = await snapshots.view(chain);
        assert.strictEqual(fs.readFileSync(join(root, "a"), "utf8"), "1");
        const { id } = await ran(chain, (changed) => {
          fs.writeFileSync(join(changed, "c"), "");
        });
        assert.deepStrictEqual(await pathsOf(id), ["file c"]);
      });

      it("is the same place when asked twice", async () => {
        const chain = [await layer([file("a")])];
        assert.strictEqual(await snapshots.view(chain), await snapshots.view(chain));
      });

      it("hides what is below an opaque root directory", async () => {
        const chain = [await layer([file("old")]), await layer([opaque(""), file("new")])];
        assert.deepStrictEqual(fs.readdirSync(await snapshots.view(chain)), ["new"]);
      });

      it("shows what a layer holds", async () => {
        const root = await snapshots.view([await layer(everything())]);
        const stat = new FileStat();
        assert.isTrue(stat.lstat(join(root, "link")));
        assert.deepStrictEqual([stat.nlink, stat.permissions, stat.uid], [2, 0o6755, 1000]);
        assert.isTrue(getXattr(join(root, "xattrs"), "security.capability")?.equals(capability));
        assert.isFalse(fs.existsSync(join(root, "whiteout")));
      });

      it("says which layer is gone", async () => {
        const chain = ["none" as LayerId];
        const uses = [snapshots.view(chain), snapshots.prepare(chain)];
        snapshots.getReady(chain);
        for (const use of [...uses, snapshots.prepare(chain)]) {
          const error = await use.then(
            () => undefined,
            (reason: unknown) => reason,
          );
          assert.propertyVal(error, "message", 'Cannot use layer "none": it is gone');
        }
      });
    });

    describe("files()", () => {
      /** What `files` answers to somebody who asks for everything, and what a mounted view shows. */
      async function bothOf(
        chain: LayerChain,
      ): Promise<readonly [asked: readonly Entry[], seen: readonly Entry[]]> {
        const read = (entry: Extract<Entry, { type: "file" }>) => readContent(entry);
        const asked = await resolved(walk(await snapshots.files(chain)), read);
        return [
          asked.map(withoutDigest),
          await resolved(readTree(await snapshots.view(chain)), read),
        ];
      }

      it("tells what the view shows, of every kind", async () => {
        const below = [directory("opaque"), file("opaque/hidden"), file("whiteout"), file("empty")];
        const [asked, seen] = await bothOf([await layer(sorted(below)), await layer(everything())]);
        assert.deepStrictEqual(asked, seen);
        assert.deepStrictEqual(await bothOf([]), [[], []]);
      });

      it("tells what the view shows, of any layers one over the other", async () => {
        const changes = fc.array(anyEntry, { maxLength: 8 });
        const property = fc.asyncProperty(fc.array(changes, { maxLength: 4 }), async (layers) => {
          const chain: LayerId[] = [];
          for (const entries of layers) {
            const id = `layer-${++count}` as LayerId;
            const tar = await tarOf(entries);
            const draft = await snapshots.ingestTar(streamOf(tar)).catch(() => undefined);
            if (draft === undefined) continue; // links without targets
            await draft.publish(id);
            chain.push(id);
          }
          const [asked, seen] = await bothOf(chain);
          assert.deepStrictEqual(asked, seen);
        });
        await fc.assert(property, { numRuns: 60 });
      });

      it("tells of what a RUN left, and of the root directory", async () => {
        const parent = await layer([directory("", { mode: 0o1755, uid: 9 }), file("a"), file("b")]);
        const { id } = await ran([parent], (root) => {
          fs.rmSync(join(root, "a"));
          fs.writeFileSync(join(root, "c"), "");
        });
        const files = await snapshots.files([parent, id]);
        const root = "" as BytePath;
        assert.strictEqual(files.names(root).join(), "b,c");
        assert.deepInclude(files.lstat(root)?.entry, {
          mode: 0o1755,
          uid: 9,
          mtime: 1_700_000_000,
        });
        assert.isUndefined(files.lstat("b/x" as BytePath));
        assert.deepStrictEqual(files.names("b" as BytePath), []);
      });

      it("says which layer is gone", async () => {
        const error = await snapshots.files(["none" as LayerId]).catch((e: unknown) => e);
        assert.propertyVal(error, "message", 'Cannot use layer "none": it is gone');
      });

      it("takes more layers than overlayfs, as do view() and prepare()", async () => {
        const below = [directory("opaque"), file("opaque/hidden"), file("whiteout"), file("empty")];
        const root = directory("", { mode: 0o1755, uid: 9 });
        const chain = [await layer([root, ...sorted(below)]), await layer(everything())];
        const [few] = await bothOf(chain);
        for (let i = 0; i < 600; i++) chain.push(await layer([file(`number-${i}`, `${i}`)]));
        const [asked, seen] = await bothOf(chain);
        assert.deepStrictEqual(asked, seen);
        const isNew = ({ path }: Entry): boolean => path.startsWith("number-");
        assert.lengthOf(asked.filter(isNew), 600);
        assert.deepStrictEqual(
          asked.filter((entry) => !isNew(entry)),
          few,
        );
        for (const name of ["number-0", "number-500", "number-599"]) {
          const { id } = await ran(chain, (changed) => {
            assert.strictEqual(fs.statSync(changed).mode & 0o7777, 0o1755);
            fs.appendFileSync(join(changed, name), "+");
            fs.rmSync(join(changed, "empty"), { recursive: true });
            fs.mkdirSync(join(changed, "empty"));
          });
          const made = ["directory empty", "opaque empty", `file ${name}`];
          assert.deepStrictEqual(await pathsOf(id), made);
          chain.push(id);
        }
      });
    });

    describe("remove()", () => {
      it("removes a layer with all that is in it, and again without complaint", async () => {
        const id = await layer(everything());
        await snapshots.view([id]);
        await snapshots.remove(id);
        await snapshots.remove(id);
        assert.isFalse(await snapshots.has(id));
        assert.deepStrictEqual(await snapshots.list(), []);
      });
    });
  });
}
