import { assert } from "chai";
import { withContents } from "../../src/builder/with-contents.js";
import { toBytePath, type Content, type Entry } from "../../src/oci/changeset.js";
import { directory, file } from "../oci/entries.js";

const inTar: Content = { kind: "file", path: toBytePath("/layer.tar"), offset: 512 };

/** Knows four bytes of the digest "known". */
function find(sha256: string, size: number): Content | undefined {
  return sha256 === "known" && size === 4 ? inTar : undefined;
}

describe("withContents()", () => {
  const known = { ...file("known", "text"), sha256: "known" } as Entry;

  it("takes what is found from where it is found, each time it is gone through", () => {
    const entries = withContents([directory("a"), known], find);
    assert.strictEqual(entries.length, 2);
    const expected = [directory("a"), { ...known, content: inTar } as Entry];
    assert.deepEqual([...entries], expected);
    assert.deepEqual([...entries], expected);
  });

  it("leaves alone what is not found, has another size, or no digest yet", () => {
    const left = [
      { ...known, sha256: "other" } as Entry,
      { ...known, size: 5 } as Entry,
      file("unknown", "text"),
    ];
    assert.deepEqual([...withContents(left, find)], left);
  });
});
