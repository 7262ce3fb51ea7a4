import { assert } from "chai";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../../src/snapshotter/remove-tree.js";

describe("removeTree()", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsbuild-remove-tree-"));
  const tree = join(folder, "tree");

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const count of [0, 5, 300]) {
    it(`removes ${count} files, whatever their names are, and follows no link`, async () => {
      const kept = join(folder, "kept");
      mkdirSync(join(folder, "linked"), { recursive: true });
      writeFileSync(kept, "");
      writeFileSync(join(folder, "linked", "f"), "");
      mkdirSync(join(tree, "a", "b", "empty"), { recursive: true });
      for (let i = 0; i < count; i++) writeFileSync(join(tree, "a", "b", `${i}`), "");
      writeFileSync(Buffer.concat([Buffer.from(`${tree}/a/`), Buffer.from([0xff, 0x0a])]), "");
      symlinkSync(kept, join(tree, "link"));
      symlinkSync(join(folder, "linked"), join(tree, "a", "directory-link"));
      await removeTree(tree);
      assert.isFalse(existsSync(tree));
      assert.isTrue(existsSync(kept) && existsSync(join(folder, "linked", "f")));
    });
  }

  it("finds nothing wrong with nothing", async () => {
    await removeTree(join(folder, "none"));
  });
});
