import { assert } from "chai";
import { toBytePath, type Entry } from "../../src/oci/changeset.js";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import { withLayerIds } from "../../src/output/layer-ids.js";

const [below, above] = [digestOf("below"), digestOf("above")];
const owned = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };

function file(path: string): Entry {
  const content = { kind: "bytes", bytes: new Uint8Array() } as const;
  return { type: "file", path: toBytePath(path), ...owned, size: 0, content };
}

const named = (digest: Digest) => ({ mediaType: "application/x", digest, size: 1 });
const layers = [
  { descriptor: named(below), changes: () => [file("bin/a"), file("bin/b"), file("bin/é")] },
  {
    descriptor: named(above),
    changes: (): readonly Entry[] => [
      { type: "whiteout", path: toBytePath("bin/a") },
      file("bin/b"),
      { type: "symlink", path: toBytePath("bin/c"), ...owned, target: toBytePath("b") },
    ],
  },
];

describe("withLayerIds()", () => {
  const cases = [
    ["the layer that has it", { fileName: "/bin/a" }, `layerID: ${below}`],
    ["the upmost layer", { fileName: "/bin/b" }, `layerID: ${above}`],
    ["a path without a slash", { fileName: "./bin/c" }, `layerID: ${above}`],
    ["a name that is not ASCII", { fileName: "/bin/é" }, `layerID: ${below}`],
    ["its own comment", { fileName: "/bin/a", comment: "mine" }, "mine"],
    ["nothing where no layer has it", { fileName: "/bin/none" }, undefined],
    ["nothing where it has no name", { SPDXID: "x" }, undefined],
  ] as const;
  for (const [what, listed, comment] of cases) {
    it(`A02 says of a file ${what}`, async () => {
      const document = await withLayerIds(
        { spdxVersion: "SPDX-2.3", files: [listed] },
        layers,
        "t",
      );
      const [said] = (document as { files: readonly { comment?: string }[] }).files;
      assert.strictEqual(said?.comment, comment);
    });
  }

  it("A02 names itself among the creators, and changes nothing else", async () => {
    const document = { creationInfo: { created: "now", creators: ["Tool: x"] }, packages: [1] };
    assert.deepStrictEqual<object>(await withLayerIds(document, layers, "tsbuild-1"), {
      creationInfo: { created: "now", creators: ["Tool: x", "Tool: tsbuild-1"] },
      packages: [1],
    });
    assert.deepStrictEqual<object>(await withLayerIds({}, [], "t"), {
      creationInfo: { creators: ["Tool: t"] },
    });
  });
});
