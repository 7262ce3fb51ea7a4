import { assert } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ociLayoutFiles } from "../../src/oci/archive-files.js";
import { toBytePath, type Entry } from "../../src/oci/changeset.js";
import { readContent } from "../../src/oci/content.js";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parseDocument } from "../../src/oci/image-json.js";
import { parseReference } from "../../src/oci/reference.js";
import { mergeLayoutIndex } from "../../src/output/merge-layout-index.js";
import { TemporaryDirectory, collect } from "../store/fixture.js";

function root(text: string): Descriptor {
  return { mediaType: mediaTypes.manifest, digest: digestOf(text), size: text.length };
}

function layout(text: string, ...names: readonly string[]): readonly Entry[] {
  const files = ociLayoutFiles([{ names: names.map(parseReference), root: root(text) }]);
  const metadata = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;
  return files.map(({ path, bytes }) => ({
    ...metadata,
    path: toBytePath(path),
    size: bytes.byteLength,
    content: { kind: "bytes", bytes },
  }));
}

/** Writes an index as an export does, and tells which image each name leads to. */
async function add(directory: string, entries: readonly Entry[]): Promise<readonly string[]> {
  const found = [...mergeLayoutIndex(entries, directory)].find(({ path }) => path === "index.json");
  if (found?.type !== "file") throw new Error("there is an index.json");
  const bytes = await collect(readContent(found));
  writeFileSync(join(directory, "index.json"), bytes);
  const document = parseDocument(bytes);
  if (document.kind !== "index") throw new Error("it is an index");
  const wanted = new Map(["one", "two"].map((text) => [digestOf(text), text]));
  return document.index.manifests.map(
    ({ annotations, digest }) =>
      `${annotations?.["io.containerd.image.name"] ?? ""} ${wanted.get(digest) ?? ""}`,
  );
}

describe("mergeLayoutIndex()", () => {
  it("O06 keeps the other images of a layout, and replaces the one of that name", async () => {
    await using temporary = await TemporaryDirectory.make();
    const { path } = temporary;
    const [a, b] = ["docker.io/library/a:1", "docker.io/library/b:1"];
    assert.deepStrictEqual(await add(path, layout("one", "a:1")), [`${a} one`]);
    assert.deepStrictEqual(await add(path, layout("one", "b:1")), [`${a} one`, `${b} one`]);
    assert.deepStrictEqual(await add(path, layout("two", "a:1")), [`${b} one`, `${a} two`]);
    assert.deepStrictEqual(await add(path, layout("two")), [`${b} one`, `${a} two`, " two"]);
    assert.deepStrictEqual(await add(path, layout("two")), [`${b} one`, `${a} two`, " two"]);
  });

  it("O06 lists an image only after all that belongs to it", async () => {
    await using temporary = await TemporaryDirectory.make();
    const entries = layout("one", "a:1");
    const paths = [...mergeLayoutIndex(entries, temporary.path)].map(({ path }) => path);
    assert.strictEqual(paths.at(-1), "index.json");
    assert.sameMembers(
      paths,
      entries.map(({ path }) => path),
    );
  });

  it("O06 does not take a layout whose index cannot be read for none", async () => {
    await using temporary = await TemporaryDirectory.make();
    const { path } = temporary;
    mkdirSync(join(path, "index.json"));
    assert.throws(() => [...mergeLayoutIndex(layout("one", "a:1"), path)], /EISDIR/);
  });
});
