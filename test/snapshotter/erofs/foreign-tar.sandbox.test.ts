import { assert } from "chai";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry } from "../../../src/oci/changeset.js";
import { readContent } from "../../../src/oci/content.js";
import { keepLayer } from "../../../src/snapshotter/erofs/keep-layer.js";
import { mountLayer } from "../../../src/snapshotter/erofs/mount-layer.js";
import { readTree } from "../../../src/snapshotter/overlay-changes.js";
import { mknod } from "../../../src/sys/inodes.js";
import { fileTypes } from "../../../src/sys/file-stat.js";
import { setXattr } from "../../../src/sys/xattrs.js";
import { unmount } from "../../../src/sys/mounts.js";
import { inUserNamespace } from "../../contracts/snapshotter.js";
import { resolved } from "../../oci/entries.js";
import { checkWithFsck } from "./fsck.js";

interface Format {
  readonly name: string;
  /** Bytes of the longest path that it takes. */
  readonly path: number;
  readonly options?: readonly string[];
}

// EROFS is mounted by root only; in a user namespace there is nothing to test.
if (!inUserNamespace()) {
  describe("keepLayer(), of what tar writes", () => {
    const folder = fs.mkdtempSync(join(tmpdir(), "tsbuild-foreign-"));
    const source = join(folder, "source");
    let count = 0;

    after(() => {
      fs.rmSync(folder, { recursive: true });
    });

    before(() => {
      const deep = `deep/${"d".repeat(90)}`;
      for (const directory of ["empty", "full", deep]) {
        fs.mkdirSync(join(source, directory), { recursive: true });
      }
      fs.chmodSync(join(source, "empty"), 0o1777);
      for (const size of [0, 1, 511, 512, 513, 4096, 70_000]) {
        fs.writeFileSync(join(source, `full/${size}`), Buffer.alloc(size, `${size} `));
      }
      fs.writeFileSync(join(source, deep, "f".repeat(120)), "deep");
      fs.writeFileSync(join(source, "full/caf\u00e9"), "not ascii");
      fs.chownSync(join(source, "full/511"), 1234, 5678);
      fs.chmodSync(join(source, "full/511"), 0o4711);
      fs.linkSync(join(source, "full/511"), join(source, "another-name"));
      fs.linkSync(join(source, "full/511"), join(source, "empty.link"));
      fs.symlinkSync("full/511", join(source, "short-link"));
      fs.symlinkSync("t".repeat(150), join(source, "long-link"));
      mknod(join(source, "fifo"), fileTypes.fifo | 0o640, 0, 0);
      mknod(join(source, "null"), fileTypes.char | 0o666, 1, 3);
      setXattr(join(source, "full/512"), "user.name", Buffer.from([0, 255, 10]));
      const names = fs.readdirSync(source, { recursive: true, encoding: "utf8" });
      for (const name of names) fs.lutimesSync(join(source, name), 1e9, 1e9);
    });

    const formats: readonly Format[] = [
      { name: "v7", path: 98 },
      { name: "ustar", path: 98 },
      { name: "oldgnu", path: 4096 },
      { name: "gnu", path: 4096 },
      { name: "posix", path: 4096, options: ["--xattrs", "--xattrs-include=user.*"] },
    ];
    /** Everything that the format can say, each once. */
    function namesFor({ name: format, path }: Format): readonly string[] {
      const all = fs.readdirSync(source, { recursive: true, encoding: "utf8" });
      const isSpecial = (name: string): boolean => name === "fifo" || name === "null";
      const fits = all.filter((name) => name.length <= path && (path > 98 || name !== "long-link"));
      return [".", ...(format === "v7" ? fits.filter((name) => !isSpecial(name)) : fits)];
    }

    /** A tar of those names in that order, kept as a layer. */
    async function keep(names: readonly string[], format: Format): Promise<string> {
      const layer = join(folder, `layer-${++count}`);
      fs.mkdirSync(layer);
      const tar = `${layer}.tar`;
      const options = [`--format=${format.name}`, "--no-recursion", ...(format.options ?? [])];
      execFileSync("tar", ["-C", source, "-cf", tar, ...options, "-T", "-"], {
        input: names.join("\n"),
      });
      await keepLayer(fs.createReadStream(tar), layer);
      return layer;
    }

    async function contentsOf(root: string): Promise<readonly Entry[]> {
      return await resolved(readTree(root), (entry) => readContent(entry));
    }

    async function shown(layer: string): Promise<readonly Entry[]> {
      const target = join(folder, "mounted");
      fs.mkdirSync(target, { recursive: true });
      mountLayer(layer, target);
      try {
        return await contentsOf(target);
      } finally {
        unmount(target);
      }
    }

    async function unpacked(layer: string, { options = [] }: Format): Promise<readonly Entry[]> {
      const target = `${layer}.unpacked`;
      fs.mkdirSync(target);
      const exact = ["--same-owner", "--delay-directory-restore"];
      execFileSync("tar", ["-C", target, "-xpf", `${layer}.tar`, ...exact, ...options]);
      return await contentsOf(target);
    }

    for (const format of formats) {
      it(`shows a ${format.name} tar, in any order and with repeats, as tar unpacks it`, async () => {
        const names = namesFor(format);
        const order = fc.shuffledSubarray([...names], { minLength: names.length });
        const repeats = fc.shuffledSubarray(names.filter((name) => name.startsWith("full/")));
        const property = fc.asyncProperty(order, repeats, async (first, again) => {
          const layer = await keep([...first, ...again], format);
          const want = await unpacked(layer, format);
          assert.deepStrictEqual(await shown(layer), want);
          assert.lengthOf(want, names.length - 1);
        });
        await fc.assert(property, { numRuns: 8 });
      });
    }

    checkWithFsck(async () => {
      const [format] = formats.slice(-1);
      if (format === undefined) throw new Error("there is no format");
      const names = namesFor(format);
      return await keep([...names, ...names].reverse(), format);
    });
  });
}
