import { assert } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDirectorySnapshotter } from "../../src/snapshotter/directory-snapshotter.js";
import { openErofsSnapshotter } from "../../src/snapshotter/erofs-snapshotter.js";
import type { LayerId, Snapshotter } from "../../src/snapshotter/snapshotter.js";
import { unmount } from "../../src/sys/mounts.js";
import { describeSnapshotter, inUserNamespace } from "../contracts/snapshotter.js";

function mountsBelow(folder: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const targets = mounts.map((line) => line.split(" ")[1] ?? "");
  return targets.filter((target) => target.startsWith(`${folder}/`));
}

for (const name of inUserNamespace() ? ["directory"] : ["directory", "erofs"]) {
  describe(`the ${name} driver with changes in memory`, () => {
    const folders: string[] = [];

    function open(size = 64 << 20): Promise<Snapshotter> {
      const folder = mkdtempSync(join(tmpdir(), "tsbuild-memory-"));
      folders.push(folder);
      const paths = { layers: join(folder, "layers"), work: join(folder, "work") };
      return name === "erofs"
        ? openErofsSnapshotter({ ...paths, userNamespace: false, changesInMemory: size })
        : openDirectorySnapshotter({
            ...paths,
            userNamespace: inUserNamespace(),
            changesInMemory: size,
          });
    }

    after(() => {
      for (const folder of folders) {
        for (const target of mountsBelow(folder).toReversed()) unmount(target);
        rmSync(folder, { recursive: true });
      }
    });

    describeSnapshotter(`${name} in memory`, () => open());

    it("takes no more than its size, tells when it is full, and leaves nothing", async () => {
      const snapshots = await open(1 << 20);
      const folder = folders.at(-1) ?? "";
      {
        await using active = await snapshots.prepare([]);
        writeFileSync(join(active.root, "small"), "x");
        assert.isFalse(active.isFull());
        const tooMuch = (): void => {
          writeFileSync(join(active.root, "large"), Buffer.alloc(2 << 20));
        };
        assert.throws(tooMuch, "ENOSPC");
        assert.isTrue(active.isFull());
      }
      {
        await using active = await snapshots.prepare([]);
        writeFileSync(join(active.root, "f"), "x");
        await using draft = await active.commit();
        await draft.publish("a" as LayerId);
        await draft.persist();
      }
      const shown = await snapshots.view(["a" as LayerId]);
      assert.strictEqual(readFileSync(join(shown, "f"), "utf8"), "x");
      await snapshots.remove("a" as LayerId);
      await snapshots.settled();
      const left = readdirSync(join(folder, "work")).filter((one) => one.startsWith("snapshot-"));
      assert.lengthOf(left, 1); // where the view was
      assert.lengthOf(mountsBelow(folder), 1); // where mount points are
    });
  });
}
