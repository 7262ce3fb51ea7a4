import { assert } from "chai";
import { readDocument, readMount, readRecord } from "../../../src/cache/remote/read-record.js";
import { serialize } from "../../../src/cache/remote/record.js";
import { recordFor } from "../../contracts/cache-place.js";
import { failureOf } from "../../oci/build-errors.js";

const record = recordFor("x");
const key = "0".repeat(64);
const mount = { id: "/npm", usedAt: 1, checkedAt: 1, chunks: [] };

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe("readRecord(), readDocument() and readMount()", () => {
  it("read what was written", () => {
    assert.deepStrictEqual(readRecord(serialize(record)), record);
    const document = { steps: [record], facts: [], bases: [] };
    assert.deepStrictEqual(readDocument(serialize(document)), document);
    assert.deepStrictEqual(readMount(serialize(mount)), mount);
  });

  const layer = (change: object) => ({ ...record, layer: { ...record.layer, ...change } });
  const records: readonly (readonly [unknown, string])[] = [
    [layer({ createdAt: 1e17 }), "layer.createdAt: want a time in milliseconds"],
    [layer({ createdAt: "2026" }), "layer.createdAt: want a time in milliseconds"],
    [layer({ size: 2 ** 60 }), "layer.size: want a number of bytes"],
    [layer({ tree: "../x" }), "layer.tree: want 64 hex digits"],
    [{ ...record, kind: "from" }, "kind: want copy or run or workdir"],
    [{ ...record, files: "A".repeat(1 << 16) }, "files: it is too long"],
  ];
  for (const [given, why] of records) {
    it(`K25 refuse a record with ${why}`, async () => {
      const error = await failureOf(() => readRecord(toBytes(given)), "INVALID_IMAGE");
      assert.include(error.message, why);
    });
  }

  const bases = (base: object) => ({
    steps: [],
    facts: [],
    bases: [[key, { title: "x", ...base }]],
  });
  const facts = (known: object) => ({
    steps: [],
    facts: [[key, { resolved: [], nodes: [], ids: [], ...known }]],
    bases: [],
  });
  const documents: readonly (readonly [unknown, string])[] = [
    [bases({ parent: key }), "bases[0][1].parent: want none"],
    [bases({ title: 1 }), "bases[0][1].title: want a string"],
    [facts({ resolved: [["/a", "../etc"]] }), `resolved[0][1]: want a path without ".."`],
    [facts({ resolved: [["/a", "/etc"]] }), `resolved[0][1]: want a path without ".."`],
    [facts({ ids: [["web", { uid: -1, gid: 0 }]] }), "ids[0][1].uid"],
  ];
  for (const [given, why] of documents) {
    it(`K25 refuse a cache with ${why}`, async () => {
      const error = await failureOf(() => readDocument(toBytes(given)), "INVALID_IMAGE");
      assert.include(error.message, why);
    });
  }

  it("K25 refuse a cache mount whose chunks would not fit into memory", async () => {
    const blob = { ...record.layer.blob, size: 1 };
    const chunks = [{ digest: blob.digest, size: 2 ** 40, blob }];
    const error = await failureOf(() => readMount(toBytes({ ...mount, chunks })), "INVALID_IMAGE");
    assert.include(error.message, "chunks[0].size: want at most");
  });
});
