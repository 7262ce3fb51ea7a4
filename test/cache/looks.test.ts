import { assert } from "chai";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SavedLooks } from "../../src/cache/looks.js";
import type { KeptLook, KeptSelection } from "../../src/context/look-memory.js";
import type { BytePath } from "../../src/oci/changeset.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";

const day = 86_400_000;
const temporary = temporaryDirectory();
const query = "a".repeat(64);
const path = (text: string): BytePath => text as BytePath;
const selected: KeptSelection = {
  name: "5".repeat(64),
  source: {
    name: path("src\xff"),
    path: path("src"),
    base: path("real/src"),
    implied: [path("a"), path("a/b")],
    length: 3,
  },
};
const look = new Uint32Array([1, 2, 3]);

async function keep(looks: SavedLooks, of = query): Promise<void> {
  using draft = looks.draft();
  draft.look(new Uint8Array(look.buffer, 0, 8));
  draft.look(new Uint8Array(look.buffer, 8));
  draft.text(Buffer.from("the "));
  draft.text(Buffer.from("text"));
  await draft.keep(of, selected);
}

/** As `keep`, all at once. */
async function keepWhole(looks: SavedLooks, age: number): Promise<void> {
  const bytes = new Uint8Array(look.buffer);
  await looks.keep({ query, selected, day: age, look: bytes, text: Buffer.from("the text") });
}

function contents(kept: KeptLook | undefined): unknown {
  return kept && [[...kept.look], kept.selected, kept.text()?.toString()];
}

const all = [[1, 2, 3], selected, "the text"];

describe("SavedLooks", () => {
  it("gives back for a week what it was given, counted from when all files were looked up", async () => {
    const prefix = join(directoryWith(temporary, {}), "deep", "a");
    const at = (days: number): SavedLooks => new SavedLooks(prefix, undefined, () => days * day);
    assert.isUndefined(at(10).get(query));
    await keep(at(10));
    assert.deepStrictEqual(contents(at(10).get(query)), all);
    assert.deepStrictEqual(contents(at(16).get(query)), all);
    assert.isUndefined(at(17).get(query));
    assert.isUndefined(at(9).get(query));
    assert.isUndefined(at(10).get("b".repeat(64)));
    assert.isUndefined(at(10).get(`${query.slice(0, 16)}${"b".repeat(48)}`));
    await keepWhole(at(16), at(16).get(query)?.day ?? 0);
    assert.deepStrictEqual(contents(at(16).get(query)), all);
    assert.isUndefined(at(17).get(query));
  });

  it("knows what is not kept of sources that are several", async () => {
    const looks = new SavedLooks(join(directoryWith(temporary, {}), "a"));
    using draft = looks.draft();
    await draft.keep(query, { name: selected.name, source: undefined });
    assert.deepStrictEqual(contents(looks.get(query)), [
      [],
      { name: selected.name, source: undefined },
      "",
    ]);
  });

  it("counts for nothing when anything is missing or odd", async () => {
    const directory = directoryWith(temporary, {});
    const looks = new SavedLooks(join(directory, "a"));
    await keep(looks);
    const [name = ""] = readdirSync(directory);
    const file = join(directory, name);
    const whole = readFileSync(file);
    const textAt = whole.indexOf("the text");
    const [before, behind] = [textAt - look.byteLength, textAt + "the text".length];
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(file, whole.subarray(0, at));
      assert.isUndefined(looks.get(query), `cut off at ${at}`);
      if (at >= before && at < behind) continue; // who reads these finds out
      const other = Buffer.from(whole);
      other[at] = (other[at] ?? 0) ^ 1;
      writeFileSync(file, other);
      assert.isUndefined(looks.get(query), `another byte at ${at}`);
    }
    writeFileSync(file, whole);
    const kept = looks.get(query);
    assert.deepStrictEqual(contents(kept), all);
    writeFileSync(file, whole.subarray(1));
    assert.isUndefined(kept?.text());
  });

  it("leaves nothing of what cannot be put in its place, and does not fail", async () => {
    const directory = directoryWith(temporary, { file: "" });
    const work = join(directory, "work");
    await keep(new SavedLooks(join(directory, "file", "a"), work));
    assert.deepStrictEqual(readdirSync(work), []);
  });

  it("leaves nothing of what is not kept, and forgets the oldest of many", async () => {
    const directory = directoryWith(temporary, {});
    const looks = new SavedLooks(join(directory, "a"), join(directory, "work"));
    {
      using draft = looks.draft();
      draft.look(Buffer.alloc(4));
    }
    assert.deepStrictEqual(readdirSync(join(directory, "work")), []);
    const nameOf = (i: number): string => `${i}`.padEnd(64, "0");
    for (let i = 10; i < 26; i++) {
      await keep(looks, nameOf(i));
      utimesSync(join(directory, `a.${nameOf(i).slice(0, 16)}.look`), i, i);
    }
    await keep(looks, "c".repeat(64));
    assert.isUndefined(looks.get(nameOf(10)));
    assert.isDefined(looks.get(nameOf(11)));
    assert.deepStrictEqual(readdirSync(join(directory, "work")), []);
  });

  it("fails no build that cannot keep anything", async () => {
    const blocked = join(directoryWith(temporary, { blocked: "a file" }), "blocked");
    const looks = new SavedLooks(join(blocked, "a"));
    await keep(looks);
    await keepWhole(looks, 0);
    assert.isUndefined(looks.get(query));
  });
});
