import { assert } from "chai";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "../../src/sys/make-directories.js";
import { isSystemError } from "../../src/sys/system-error.js";
import { temporaryDirectory } from "../context/temporary.js";

const temporary = temporaryDirectory();

async function failsWith(path: string, code: string): Promise<void> {
  const error: unknown = await makeDirectories(path, 0o755).catch((cause: unknown) => cause);
  assert.isTrue(isSystemError(error, code), String(error));
}

describe("makeDirectories()", () => {
  it("makes what is missing, with that mode, and leaves what is there", async () => {
    const path = join(temporary, "a", "b", "c");
    await makeDirectories(path, 0o750);
    await makeDirectories(path, 0o700);
    for (const made of [path, join(temporary, "a")])
      assert.strictEqual(statSync(made).mode & 0o777, 0o750);
  });

  it("ends where a filesystem makes no directories, and below a file", async () => {
    await failsWith("/proc/tsbuild", "ENOENT");
    await failsWith("/proc/tsbuild/deep", "ENOENT");
    writeFileSync(join(temporary, "file"), "");
    await failsWith(join(temporary, "file", "a", "b"), "ENOTDIR");
  });
});
