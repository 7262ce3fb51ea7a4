import { assert } from "chai";
import { SavedGlances } from "../../src/cache/glances.js";

const day = 86_400_000;
const name = (text: string): string => Buffer.from(text).toString("hex").padEnd(64, "0");
const glanced = { look: name("look"), selection: name("selection") };

describe("SavedGlances", () => {
  it("gives back for the rest of the day what it was given", () => {
    const glances = new SavedGlances(undefined, () => 10 * day);
    assert.isUndefined(glances.save());
    glances.set(name("query"), glanced);
    const saved = glances.save();
    assert.isUndefined(glances.save());
    const later = new SavedGlances(saved, () => 11 * day - 1);
    assert.deepStrictEqual(later.get(name("query")), glanced);
    assert.isUndefined(later.get(name("other")));
    assert.isUndefined(later.save());
    assert.isUndefined(new SavedGlances(saved, () => 11 * day).get(name("query")));
  });

  it("counts for nothing when anything is missing or odd", () => {
    const whole = new SavedGlances(undefined, () => day);
    whole.set(name("query"), glanced);
    const saved = Buffer.from(whole.save() ?? []);
    const reopened = (bytes: Uint8Array): unknown =>
      new SavedGlances(bytes, () => day).get(name("query"));
    assert.deepStrictEqual(reopened(saved), glanced);
    for (let length = 0; length < saved.byteLength; length++)
      assert.isUndefined(reopened(saved.subarray(0, length)), String(length));
    assert.isUndefined(reopened(Buffer.concat([saved, Buffer.from("x")])));
    assert.isUndefined(reopened(Buffer.from(saved.toString().replace("glance1", "glance2"))));
  });

  it("forgets the oldest of many", () => {
    const glances = new SavedGlances(undefined, () => day);
    for (let i = 0; i < 200; i++) glances.set(name(`query ${i}`), glanced);
    glances.set(name("query 0"), glanced);
    glances.set(name("one more"), glanced);
    const kept = new SavedGlances(glances.save(), () => day);
    assert.deepStrictEqual(kept.get(name("query 0")), glanced);
    assert.isUndefined(kept.get(name("query 1")));
    assert.deepStrictEqual(kept.get(name("query 2")), glanced);
  });
});
