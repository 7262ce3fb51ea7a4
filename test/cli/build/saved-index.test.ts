import { assert } from "chai";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SavedIndex } from "../../../src/cli/build/saved-index.js";
import { FileStat } from "../../../src/sys/file-stat.js";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";

const temporary = temporaryDirectory();
const sha256 = "5".repeat(64);

/** As many files as there are inodes. */
function withInode(stat: FileStat, inode: number): FileStat {
  stat.words[8] = inode;
  return stat;
}

describe("SavedIndex", () => {
  let stat: FileStat;

  before(async () => {
    stat = new FileStat();
    assert.isTrue(stat.lstat(join(directoryWith(temporary, { a: "a" }), "a")));
    await sleep(50); // until the file counts as settled
  });

  it("B16 has a large index in memory only while somebody uses it", async () => {
    const path = join(temporary, "new", "large");
    const saved = new SavedIndex(path);
    const [index, same] = [await saved.use(), await saved.use()];
    assert.strictEqual(same, index);
    for (let i = 1; i <= 150_000; i++) index.record(withInode(stat, i), sha256);
    await saved.letGo();
    assert.isFalse(existsSync(path));
    assert.strictEqual(await saved.use(), index);
    await saved.letGo();
    await saved.letGo();
    assert.isTrue(existsSync(path));
    const again = await saved.use();
    assert.notStrictEqual(again, index);
    assert.strictEqual(again.lookup(withInode(stat, 150_000)), sha256);
  });

  it("B16 keeps a small one until the end, and a large one that cannot be written", async () => {
    const path = join(temporary, "blocked");
    mkdirSync(path);
    const saved = new SavedIndex(path);
    const index = await saved.use();
    index.record(withInode(stat, 1), sha256);
    await saved.letGo();
    assert.strictEqual(await saved.use(), index);
    for (let i = 1; i <= 150_000; i++) index.record(withInode(stat, i), sha256);
    await saved.letGo();
    assert.strictEqual(await saved.use(), index);
  });
});
