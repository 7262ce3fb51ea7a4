import { assert } from "chai";
import { link, mkdir, rmdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { directorySize } from "../../src/store/directory-size.js";
import { TemporaryDirectory } from "./fixture.js";

describe("directorySize()", () => {
  it("counts the bytes of files, of one with two names once, and none of links", async () => {
    await using directory = await TemporaryDirectory.make();
    const { path } = directory;
    await mkdir(join(path, "a", "b"), { recursive: true });
    await writeFile(join(path, "a", "b", "file"), "12345");
    await link(join(path, "a", "b", "file"), join(path, "again"));
    await writeFile(join(path, "other"), "678");
    await symlink("other", join(path, "link"));
    assert.strictEqual(await directorySize(path), 8);
  });

  it("counts what is there while a directory becomes a file and goes", async () => {
    await using directory = await TemporaryDirectory.make();
    await writeFile(join(directory.path, "file"), "12345");
    // Between the look at a directory and its turn come the others.
    for (let i = 0; i < 30; i++) await mkdir(join(directory.path, `other-${i}`));
    const changing = join(directory.path, "changing");
    await mkdir(changing);
    let isDone = false;
    const change = async (): Promise<void> => {
      while (!isDone) {
        await rmdir(changing);
        await writeFile(changing, "");
        await rm(changing);
        await mkdir(changing);
      }
    };
    const changed = change();
    try {
      for (let i = 0; i < 200; i++) assert.strictEqual(await directorySize(directory.path), 5);
    } finally {
      isDone = true;
      await changed;
    }
  });
});
