import { assert } from "chai";
import { readdirSync } from "node:fs";
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
});
