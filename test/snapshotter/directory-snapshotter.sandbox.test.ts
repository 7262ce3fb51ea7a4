import { assert } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry } from "../../src/oci/changeset.js";
import { digestOf, hexOf } from "../../src/oci/digest.js";
import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import type { LayerId, Snapshotter } from "../../src/snapshotter/snapshotter.js";
import { measureChanges } from "../../src/snapshotter/tree-digest.js";
import { unmount } from "../../src/sys/mounts.js";
import { describeSnapshotter, inUserNamespace } from "../contracts/snapshotter.js";
import { file } from "../oci/entries.js";
import { killPublisherAfter } from "./killed-publisher.js";
import { sampleLayer } from "./sample-layer.js";

function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const targets = mounts.map((line) => line.split(" ")[1] ?? "");
  for (const target of targets.reverse()) if (target.startsWith(`${folder}/`)) unmount(target);
}

describe("openDirectorySnapshotter()", () => {
  const folders: string[] = [];

  function open(): Promise<Snapshotter> {
    // a name that would need escaping in mount options
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-snapshots,lowerdir=a:b-"));
    folders.push(folder);
    return openDirectorySnapshotter({
      layers: join(folder, "layers"),
      work: join(folder, "work"),
      userNamespace: inUserNamespace(),
    });
  }

  after(() => {
    for (const folder of folders) {
      unmountBelow(folder);
      rmSync(folder, { recursive: true });
    }
  });

  describeSnapshotter("directory", open);

  it("leaves nothing in its work directory when all is disposed", async () => {
    const snapshots = await open();
    {
      await using draft = await snapshots.ingest([file("a")]);
      await draft.publish("a" as LayerId);
      await draft.persist();
      await using _dropped = await snapshots.ingest([file("a")]);
      await using active = await snapshots.prepare(["a" as LayerId]);
      await using _uncommitted = await snapshots.prepare([]);
      await using _draft = await active.commit();
    }
    await snapshots.remove("a" as LayerId);
    await snapshots.settled();
    const [mounts = "", ...others] = readdirSync(join(folders.at(-1) ?? "", "work"));
    assert.match(mounts, /^mounts-/);
    assert.deepStrictEqual(others, []);
    assert.deepStrictEqual(readdirSync(join(folders.at(-1) ?? "", "work", mounts)), []);
  });

  it("has one file for the same path of similar layers, and another for what differs", async () => {
    const snapshots = await open();
    const hashed = (path: string, text: string): Entry =>
      ({ ...file(path, text), sha256: hexOf(digestOf(Buffer.from(text))) }) as Entry;
    const layers: (readonly [LayerId, Entry[]])[] = [
      ["one" as LayerId, [hashed("edited", "a"), hashed("kept", "same"), hashed("twin", "same")]],
      ["two" as LayerId, [hashed("edited", "b"), hashed("kept", "same"), hashed("twins", "same")]],
    ];
    for (const [id, entries] of layers) {
      await using draft = await snapshots.ingest(entries, { similar: "one" as LayerId });
      await draft.publish(id);
    }
    const inode = (path: string): number =>
      statSync(join(folders.at(-1) ?? "", "layers", path)).ino;
    assert.strictEqual(inode("two/kept"), inode("one/kept"));
    const all = ["one/edited", "two/edited", "one/kept", "one/twin", "two/twins"].map(inode);
    assert.strictEqual(new Set(all).size, all.length);
  });

  it("never has a part of a layer when it is killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-killed-"));
    folders.push(folder);
    const options = { layers: join(folder, "layers"), work: join(folder, "work") };
    for (const delay of [0, 7, 19, 31]) {
      await killPublisherAfter(delay, [options.layers, options.work]);
    }
    rmSync(options.work, { recursive: true });
    const snapshots = await openDirectorySnapshotter({
      ...options,
      userNamespace: inUserNamespace(),
    });
    const { diffId } = await measureChanges(sampleLayer());
    const ids = await snapshots.list();
    assert.isAtLeast(ids.length, 4);
    for (const id of ids) {
      assert.strictEqual((await measureChanges(snapshots.changes(id))).diffId, diffId);
    }
  });
});
