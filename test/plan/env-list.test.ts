import { assert } from "chai";
import { EnvList } from "../../src/plan/env-list.js";

describe("EnvList", () => {
  it("I01 replaces in place what is there, and adds the rest at the end", () => {
    const list = new EnvList(["a=1", "bare", "b=2", "a=again"]);
    list.set("c", "3");
    list.set("a", "4");
    list.set("bare", "5");
    list.set("c", "6");
    assert.deepStrictEqual(list.entries, ["a=4", "bare=5", "b=2", "a=again", "c=6"]);
    assert.deepStrictEqual([...list.names], ["a", "bare", "b", "c"]);
    assert.isTrue(list.has("bare"));
    assert.isFalse(list.has("again"));
  });

  it("gives entries that later changes leave alone", () => {
    const list = new EnvList([]);
    const before = list.entries;
    list.set("a", "1");
    assert.isEmpty(before);
  });
});
