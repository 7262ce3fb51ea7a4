import { assert } from "chai";
import { closeSync, lstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStat } from "../../src/sys/file-stat.js";
import { tellingFilesystem } from "../../src/sys/telling-filesystem.js";

describe("FileStat", () => {
  it("has the numbers that node's own Stats has", () => {
    const stat = new FileStat();
    for (const path of ["/", "/dev/null", import.meta.filename]) {
      assert.isTrue(stat.lstat(path));
      const { mode, nlink, uid, gid, ino, size, mtimeMs, ctimeMs } = lstatSync(path);
      assert.deepStrictEqual(
        { mode: stat.mode, nlink: stat.nlink, uid: stat.uid, gid: stat.gid, ino: stat.ino },
        { mode, nlink, uid, gid, ino },
      );
      assert.strictEqual(stat.size, size);
      assert.strictEqual(stat.mtimeMilliseconds, mtimeMs);
      assert.strictEqual(stat.ctimeMilliseconds, ctimeMs);
    }
    const { ino } = lstatSync("/", { bigint: true });
    assert.isTrue(stat.lstat("/"));
    assert.strictEqual(stat.inode, ino);
  });

  it("looks at a name among other bytes", () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-test-"));
    const fd = openSync(directory, "r");
    try {
      const stat = new FileStat();
      const names = ["abc", "abcd", "\xff\n", "n".repeat(255)];
      for (const [i, name] of names.entries()) {
        const bytes = Buffer.from(`x${name}y`, "latin1");
        const range = { at: 1, length: name.length };
        assert.isFalse(stat.lstatBytes(bytes, range, fd));
        writeFileSync(Buffer.from(`${directory}/${name}`, "latin1"), "z".repeat(i));
        assert.isTrue(stat.lstatBytes(bytes, range, fd));
        assert.strictEqual(stat.size, i);
      }
      const long = { at: 0, length: 256 };
      assert.throws(() => stat.lstatBytes(Buffer.alloc(256, "n"), long, fd), "no name is so long");
    } finally {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    }
  });
});

describe("tellingFilesystem()", () => {
  it("is that of a directory in memory, and none of what a program makes up", () => {
    const stat = new FileStat();
    assert.isTrue(stat.lstat("/dev/shm"));
    assert.strictEqual(tellingFilesystem("/dev/shm"), stat.filesystem);
    assert.isUndefined(tellingFilesystem("/proc"));
  });
});
