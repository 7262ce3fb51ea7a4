import { assert } from "chai";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mount, mountFlags } from "../../src/sys/mounts.js";
import { openTestStore, TemporaryDirectory } from "./fixture.js";

function bind(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  mount({ source, target, flags: mountFlags.bind });
}

describe("work directories", () => {
  it("are removed without what is mounted in them", async () => {
    await using directory = await TemporaryDirectory.make();
    const precious = join(directory.path, "precious files");
    mkdirSync(precious);
    writeFileSync(join(precious, "file"), "precious");

    const store = await openTestStore(directory.path);
    bind(precious, join(store.work, "view", "a b"));
    bind(precious, join(store.work, "view", "a b")); // upon the other
    mount({ source: "tmpfs", target: join(store.work, "view"), type: "tmpfs" }); // over both
    bind(precious, join(store.work, "view", "in it"));
    const abandoned = join(store.paths.work, "1-1-abcdef");
    bind(precious, join(abandoned, "view"));
    {
      await using _other = await openTestStore(directory.path);
      assert.isFalse(existsSync(abandoned));
    }
    await store.close();
    assert.isFalse(existsSync(store.work));
    assert.notInclude(readFileSync("/proc/self/mountinfo", "latin1"), store.work);
    assert.strictEqual(readFileSync(join(precious, "file"), "latin1"), "precious");
  });
});
