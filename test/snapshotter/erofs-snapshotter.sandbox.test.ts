import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openErofsSnapshotter } from "../../src/snapshotter/erofs-snapshotter.js";
import type { Snapshotter } from "../../src/snapshotter/snapshotter.js";
import { unmount } from "../../src/sys/syscalls.js";
import { describeSnapshotter, inUserNamespace } from "../contracts/snapshotter.js";

function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const targets = mounts.map((line) => line.split(" ")[1] ?? "");
  for (const target of targets.reverse()) if (target.startsWith(`${folder}/`)) unmount(target);
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
  });
}
