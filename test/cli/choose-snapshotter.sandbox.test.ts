import { assert } from "chai";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseSnapshotter } from "../../src/cli/choose-snapshotter.js";
import { mount, unmount } from "../../src/sys/mounts.js";
import { failureOf } from "../oci/build-errors.js";

describe("chooseSnapshotter() on an overlay", () => {
  it("says that a container needs a volume for the store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tsbuild-choose-"));
    const [lower, upper, work, target] = ["lower", "upper", "work", "root"].map((name) => {
      mkdirSync(join(folder, name));
      return join(folder, name);
    }) as [string, string, string, string];
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    mount({ source: "overlay", target, type: "overlay", options });
    try {
      const site = {
        layers: join(target, "layers"),
        work: join(target, "work"),
        userNamespace: false,
        remember: () => Promise.resolve(false),
        changesInMemory: undefined,
      };
      const error = await failureOf(chooseSnapshotter(undefined, site), "UNSUPPORTED");
      assert.include(error.message, `Cannot keep layers in "${site.layers}"`);
      assert.include(error.hint, "volume");
    } finally {
      unmount(target);
      rmSync(folder, { recursive: true });
    }
  });
});
