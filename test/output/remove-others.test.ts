import { assert } from "chai";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BytePath, Entry } from "../../src/oci/changeset.js";
import { removeOthers } from "../../src/output/remove-others.js";
import { TemporaryDirectory } from "../store/fixture.js";

const metadata = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };
const directory = (path: string): Entry => ({
  ...metadata,
  type: "directory",
  path: path as BytePath,
});
const link = (path: string): Entry => ({
  ...metadata,
  type: "symlink",
  path: path as BytePath,
  target: "x" as BytePath,
});

describe("removeOthers()", () => {
  it("O03 removes what the tree does not have, and follows no link", async () => {
    await using temporary = await TemporaryDirectory.make();
    const dest = join(temporary.path, "dest");
    const outside = join(temporary.path, "outside");
    mkdirSync(join(dest, "kept/inner"), { recursive: true });
    mkdirSync(join(dest, "stale/deep"), { recursive: true });
    mkdirSync(outside);
    for (const file of ["dest/kept/a", "dest/kept/inner/old", "dest/stale/deep/b", "outside/c"]) {
      writeFileSync(join(temporary.path, file), "");
    }
    symlinkSync(outside, join(dest, "stale-link"));
    symlinkSync(outside, join(dest, "was-directory"));
    const tree = [
      directory("kept"),
      link("kept/a"),
      directory("kept/inner"),
      directory("was-directory"),
    ];
    await removeOthers(tree, dest);
    assert.deepStrictEqual(readdirSync(dest).sort(), ["kept", "was-directory"]);
    assert.deepStrictEqual(readdirSync(join(dest, "kept")).sort(), ["a", "inner"]);
    assert.deepStrictEqual(readdirSync(join(dest, "kept/inner")), []);
    assert.isTrue(existsSync(join(outside, "c")));
  });
});
