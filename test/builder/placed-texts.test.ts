import { assert } from "chai";
import fc from "fast-check";
import { openRootfs } from "../../src/context/rootfs.js";
import { Dresser } from "../../src/builder/dresser.js";
import { parseChmod } from "../../src/builder/chmod.js";
import { placedEntry } from "../../src/builder/placed-entry.js";
import { PlacedTexts } from "../../src/builder/placed-texts.js";
import { Placement } from "../../src/builder/placement.js";
import type { BytePath } from "../../src/oci/changeset.js";
import { FORMAT_FIELD, treeDigest, type Described } from "../../src/snapshotter/tree-digest.js";
import { TreeText, untold } from "../../src/snapshotter/tree-text.js";
import { temporaryDirectory } from "../context/temporary.js";

const rootfs = openRootfs(temporaryDirectory());

/** Names of which the lengths have one digit, and several, also once they are placed; one is longer than what is handed on at once. */
const name = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 130 }) },
  { weight: 1, arbitrary: fc.constantFrom(995, 70_000) },
);

const entry: fc.Arbitrary<Described> = fc
  .record({
    type: fc.constantFrom("file", "file", "file", "symlink"),
    path: name.map((length) => "n\xff".repeat(length).slice(0, length) as BytePath),
    mode: fc.constantFrom(0o644, 0o755, 0o4711),
    uid: fc.constantFrom(0, 1000),
    size: fc.nat(2 ** 40),
    sha256: fc.constantFrom("5".repeat(64), "a".repeat(64)),
  })
  .map(({ type, size, sha256, ...rights }) => {
    const metadata = { ...rights, gid: 0, mtime: 0 };
    return type === "file"
      ? { type, ...metadata, size, sha256, content: untold.content }
      : { type: "symlink", ...metadata, target: "n/x" as BytePath };
  });

async function textOf(entries: readonly Described[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await treeDigest(entries, (part) => parts.push(Uint8Array.from(part)));
  return Buffer.concat(parts);
}

describe("PlacedTexts", () => {
  it("makes of the text of a tree what is made of its entries once they are placed", async () => {
    const destinations = fc.constantFrom("", "app", "a/long/way");
    const dressers = fc.constantFrom(
      new Dresser(undefined, undefined),
      new Dresser({ uid: 5, gid: 66_666 }, parseChmod("u+x,g-w")),
    );
    const whole = fc.array(entry, { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(whole, destinations, dressers, async (entries, to, dresser) => {
        const placement = new Placement(rootfs, { mode: 0o755, uid: 0, gid: 0, mtime: 0 });
        const target = { placement, destination: to as BytePath, dresser };
        const made: Uint8Array[] = [Buffer.from(FORMAT_FIELD, "latin1")];
        const texts = new PlacedTexts(target, (text) => made.push(Uint8Array.from(text)));
        const text = TreeText.parse(await textOf(entries));
        const half = Math.floor(text.length / 2);
        texts.add(text, 0, half);
        texts.add(text, half, text.length);
        texts.flush();
        const placed = entries.map((each) => placedEntry(each, target));
        assert.deepStrictEqual(Buffer.concat(made), await textOf(placed));
      }),
      { numRuns: 50 },
    );
  });
});
