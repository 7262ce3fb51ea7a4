import { assert } from "chai";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "../../src/oci/digest.js";
import type { LayerId } from "../../src/snapshotter/snapshotter.js";
import { Holds } from "../../src/store/holds.js";
import { TemporaryDirectory } from "./fixture.js";

const layer = "abcdef" as LayerId;
const blob = digestOf("a");

describe("Holds", () => {
  it("K29 keep what one holds from who would remove it, in this process too", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "holds");
    await using mine = new Holds(path);
    await using theirs = new Holds(path);
    assert.isTrue(await mine.hold(layer));
    assert.isFalse(await mine.hold(layer), "it is held already");
    for (const holds of [mine, theirs]) {
      assert.isUndefined(holds.tryAlone(layer));
      assert.isTrue(holds.isHeld(layer));
      assert.isFalse(holds.isHeld(blob));
      assert.isFalse(holds.isHeld("abcdeg" as LayerId));
    }
    mine.letGo();
    assert.isFalse(theirs.isHeld(layer));
    assert.isTrue(await mine.hold(layer), "held again");
  });

  it("let several hold the same, until the last lets go", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "holds");
    await using first = new Holds(path);
    await using remover = new Holds(path);
    {
      await using second = new Holds(path);
      await first.hold(blob);
      await second.hold(blob);
      first.letGo();
      assert.isTrue(remover.isHeld(blob));
    }
    using alone = remover.tryAlone(blob);
    assert.isDefined(alone);
  });

  it("make who wants to hold wait until the removal is over", async () => {
    await using directory = await TemporaryDirectory.make();
    const path = join(directory.path, "holds");
    await using holder = new Holds(path);
    await using remover = new Holds(path);
    let isOver = false;
    const alone = remover.tryAlone(layer);
    const waiting = holder.hold(layer).then(() => {
      assert.isTrue(isOver);
    });
    await sleep(5);
    isOver = true;
    alone?.[Symbol.dispose]();
    await waiting;
  });
});
