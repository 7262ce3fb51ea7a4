import { assert } from "chai";
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../src/output/write-whole.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";

describe("writeWhole()", () => {
  const temporary = temporaryDirectory();

  it("names the file that was asked for where that cannot be written", async () => {
    const path = join(directoryWith(temporary, {}), "missing", "id");
    const failed = await writeWhole(path, "text", { mode: 0o600 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.deepInclude(failed, { code: "ENOENT", path });
  });

  it("leaves nothing where its source fails", async () => {
    const directory = directoryWith(temporary, { old: "old" });
    const source = (async function* () {
      yield await Promise.resolve(Buffer.from("new"));
      throw new Error("no more");
    })();
    const failed = await writeWhole(join(directory, "old"), source, { mode: 0o600 }).catch(String);
    assert.strictEqual(failed, "Error: no more");
    assert.deepStrictEqual(readdirSync(directory), ["old"]);
  });

  for (const [name, files] of [
    ["is there", { "there/file": "old" }],
    ["is not there yet", { there: {} }],
  ] as const) {
    it(`leaves links alone that lead to a file which ${name}`, async () => {
      const directory = directoryWith(temporary, files);
      symlinkSync("there", join(directory, "place"));
      symlinkSync("place/file", join(directory, "other"));
      symlinkSync(join(directory, "other"), join(directory, "link"));
      await writeWhole(join(directory, "link"), "new", { mode: 0o600 });
      assert.strictEqual(readFileSync(join(directory, "there/file"), "utf8"), "new");
      assert.strictEqual(readlinkSync(join(directory, "other")), "place/file");
      assert.deepStrictEqual(readdirSync(directory).sort(), ["link", "other", "place", "there"]);
    });
  }

  it("names the link that was asked for where it leads to itself", async () => {
    const path = join(directoryWith(temporary, {}), "link");
    symlinkSync("link", path);
    const failed: unknown = await writeWhole(path, "text", { mode: 0o600 }).catch(
      (e: unknown) => e,
    );
    assert.deepInclude(failed, { code: "ELOOP", path });
  });

  it("adds to an open file, as standard output may be one", async () => {
    const directory = directoryWith(temporary, { output: "old, " });
    const output = join(directory, "output");
    const fd = openSync(output, "r+");
    const { ino } = statSync(output);
    symlinkSync(`/proc/self/fd/${fd}`, join(directory, "stdout"));
    await writeWhole(join(directory, "stdout"), "new", { mode: 0o600 });
    closeSync(fd);
    assert.strictEqual(readFileSync(output, "utf8"), "old, new");
    assert.strictEqual(statSync(output).ino, ino);
    assert.deepStrictEqual(readdirSync(directory).sort(), ["output", "stdout"]);
  });
});
