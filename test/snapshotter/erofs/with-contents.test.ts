import { assert } from "chai";
import { Readable } from "node:stream";
import { withContents } from "../../../src/snapshotter/erofs/with-contents.js";
import {
  toBytePath,
  type Changeset,
  type Content,
  type Entry,
} from "../../../src/oci/changeset.js";
import { directory, file } from "../../oci/entries.js";

const inTar: Content = { kind: "file", path: toBytePath("/layer.tar"), offset: 512 };

/** Knows four bytes of the digest "known". */
function find(sha256: string, size: number): Content | undefined {
  return sha256 === "known" && size === 4 ? inTar : undefined;
}

async function entriesOf(changes: Changeset): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of changes) entries.push(entry);
  return entries;
}

describe("withContents()", () => {
  const own: Content = {
    kind: "file",
    path: toBytePath("/context/known"),
    offset: 0,
    version: { inode: 1, ctimeMs: 1, settled: true },
  };
  const known = { ...file("known", "text"), content: own, sha256: "known" } as Entry;

  it("takes what is found from where it is found, of entries that are there or come", async () => {
    const expected = [directory("a"), { ...known, content: inTar } as Entry];
    assert.deepEqual(await entriesOf(withContents([directory("a"), known], find)), expected);
    const coming = withContents(Readable.from([directory("a"), known]), find);
    assert.deepEqual(await entriesOf(coming), expected);
  });

  it("leaves alone what is not found, has another size, or no digest yet", async () => {
    const left = [
      { ...known, sha256: "other" } as Entry,
      { ...known, size: 5 } as Entry,
      { ...known, sha256: undefined } as Entry,
    ];
    assert.deepEqual(await entriesOf(withContents(left, find)), left);
  });

  it("does not look for what is in memory, or a part of something that nobody changes", async () => {
    const spooled: Content = { kind: "file", path: toBytePath("/spool"), offset: 1 };
    const left = [file("memory", "text"), { ...known, content: spooled } as Entry].map(
      (entry) => ({ ...entry, sha256: "known" }) as Entry,
    );
    const look = (): Content => assert.fail("looked");
    assert.deepEqual(await entriesOf(withContents(left, look)), left);
  });
});
