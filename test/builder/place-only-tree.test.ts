import { assert } from "chai";
import { openRootfs } from "../../src/context/rootfs.js";
import { parseChmod } from "../../src/builder/chmod.js";
import { Dresser } from "../../src/builder/dresser.js";
import { placeOnlyTree } from "../../src/builder/place-only-tree.js";
import { Placement } from "../../src/builder/placement.js";
import { toBytePath } from "../../src/oci/changeset.js";
import { treeDigest } from "../../src/snapshotter/tree-digest.js";
import { temporaryDirectory } from "../context/temporary.js";
import { directory, plainFile, stored, symlink } from "../oci/entries.js";

const rootfs = openRootfs(temporaryDirectory());

const tree = [
  directory(""),
  plainFile("a"),
  directory("d"),
  plainFile("d/b", { mode: 0o755 }),
  symlink("d/link", "b"),
  plainFile("d/x", { mode: 0o600 }),
];

describe("placeOnlyTree()", () => {
  const dressers = {
    "as they are": new Dresser(undefined, undefined),
    "with --chown and --chmod": new Dresser({ uid: 5, gid: 66_666 }, parseChmod("u+x,g-w")),
  };
  for (const to of ["", "app/deep"]) {
    for (const [how, dresser] of Object.entries(dressers)) {
      it(`gives a digest of its entries without going through them: in "/${to}", ${how}`, async () => {
        const placement = new Placement(rootfs, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
        const destination = toBytePath(to);
        placement.ensureDirectory(destination);
        const placed = placeOnlyTree(
          { entries: stored(tree), implied: new Set() },
          { placement, destination, dresser },
        );
        assert.strictEqual(await treeDigest(placed), await treeDigest([...placed]));
        assert.strictEqual(placed.length, [...placed].length);
      });
    }
  }
});
