import { assert } from "chai";
import { writeWhole } from "../../src/output/write-whole.js";
import { mount, unmount } from "../../src/sys/mounts.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";

describe("writeWhole() on a full disk", () => {
  const temporary = temporaryDirectory();

  it("names the file that was asked for", async () => {
    const directory = directoryWith(temporary, {});
    mount({ source: "tmpfs", target: directory, type: "tmpfs", options: "size=64k" });
    const path = `${directory}/image.tar`;
    const failed = await writeWhole(path, "a".repeat(100_000), { mode: 0o600 }).then(
      () => undefined,
      (error: unknown) => error,
    );
    unmount(directory);
    assert.deepInclude(failed, { code: "ENOSPC", path });
  });
});
