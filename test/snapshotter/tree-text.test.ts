import { assert } from "chai";
import fc from "fast-check";
import type { BytePath } from "../../src/oci/changeset.js";
import { treeDigest, type Described } from "../../src/snapshotter/tree-digest.js";
import { TreeText, untold } from "../../src/snapshotter/tree-text.js";

const path = (text: string): BytePath => text as BytePath;
const rights = { mode: 0o755, uid: 0, gid: 1234567, mtime: 0 };
const sha256 = "5".repeat(64);

/** One of each type, the second field of some being odd. */
const entries: readonly Described[] = [
  { type: "directory", path: path(""), ...rights },
  { type: "file", path: path("1:a\xff"), ...rights, size: 0, content: untold.content, sha256 },
  { type: "directory", path: path("b"), ...rights, mode: 0 },
  { type: "file", path: path("b/4:file"), ...rights, size: 12, content: untold.content, sha256 },
  { type: "symlink", path: path("b/c"), ...rights, target: path("4:file8:b/4:file") },
  { type: "hardlink", path: path("b/d"), ...rights, target: path("b/4:file") },
  { type: "char", path: path("e"), ...rights, major: 1, minor: 3 },
  { type: "block", path: path("f"), ...rights, major: 0, minor: 7 },
  { type: "fifo", path: path("g"), ...rights },
];

async function textOf(of: readonly Described[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await treeDigest(of, (text) => parts.push(Uint8Array.from(text)));
  return Buffer.concat(parts);
}

function entriesOf(text: TreeText): readonly Described[] {
  const found: Described[] = [];
  for (const cursor = text.cursor(); cursor.next();) found.push(cursor.entry(untold));
  return found;
}

describe("TreeText", () => {
  it("is what a tree digest hashes, and tells all of its entries", async () => {
    const text = TreeText.parse(await textOf(entries));
    assert.strictEqual(text.digest(), await treeDigest(entries));
    assert.deepStrictEqual(entriesOf(text), entries);
  });

  it("has other files and directories in the place of those of their paths", async () => {
    const replaceable = entries.filter(({ type }) => type === "file" || type === "directory");
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...replaceable]),
        fc.nat(0o7777),
        fc.nat(2 ** 40),
        async (chosen, mode, size) => {
          const others = chosen.map((entry) =>
            entry.type === "file"
              ? { ...entry, mode, size, sha256: "6".repeat(64) }
              : { ...entry, mode },
          );
          const now = entries.map(
            (entry) => others.find((other) => other.path === entry.path) ?? entry,
          );
          const replaced = TreeText.parse(await textOf(entries)).replace(others);
          assert(replaced !== undefined);
          const { text } = replaced;
          assert.deepStrictEqual(text.bytes, await textOf(now));
          assert.deepStrictEqual(text, TreeText.parse(text.bytes));
          assert.deepStrictEqual(entriesOf(text), now);
          const old = entries.filter(({ path }) => others.some((other) => other.path === path));
          assert.deepStrictEqual(entriesOf(replaced.before), old);
        },
      ),
    );
  });

  it("replaces nothing that is not there, is of another type, or comes too late", async () => {
    const text = TreeText.parse(await textOf(entries));
    const [, a, b] = entries;
    assert(a?.type === "file" && b?.type === "directory");
    assert.isUndefined(text.replace([{ ...a, path: path("1:b") }]));
    assert.isUndefined(text.replace([{ ...b, path: a.path }]));
    assert.isUndefined(text.replace([b, a]));
  });

  it("is not taken from what is damaged, or tells what no context has", async () => {
    const whole = await textOf(entries);
    for (let length = 0; length < whole.length; length++) {
      const part = whole.subarray(0, length);
      const isWhole = entries.some((_, i) => {
        const from = TreeText.parse(whole).places[4 * i];
        return from === length;
      });
      if (!isWhole) assert.throws(() => TreeText.parse(part), Error, undefined, String(length));
    }
    const attributes = new Map([["user.a", Buffer.from("b")]]);
    const [, a] = entries;
    assert(a !== undefined);
    assert.throws(() => {
      TreeText.parse(Buffer.alloc(0));
    });
    const odd = await textOf([{ ...a, xattrs: attributes }]);
    assert.throws(() => TreeText.parse(odd), /^extended attributes/);
    const parts: Uint8Array[] = [];
    await treeDigest([{ type: "whiteout", path: path("a") }], (part) =>
      parts.push(Uint8Array.from(part)),
    );
    assert.throws(() => TreeText.parse(Buffer.concat(parts)), /^an unknown type/);
  });
});
