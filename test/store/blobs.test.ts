import { assert } from "chai";
import { readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../src/oci/digest.js";
import { collect, failure, streamOf, temporaryStore } from "./fixture.js";

const bytes = Buffer.from("0123456789".repeat(1000));
const want = { digest: digestOf(bytes), size: bytes.byteLength };
const lies = [
  { name: "other bytes", bytes: Buffer.from(bytes).fill("x", 5000, 5001) },
  { name: "too few bytes", bytes: bytes.subarray(1) },
  { name: "too many bytes", bytes: Buffer.concat([bytes, Buffer.from("x")]) },
];

describe("Blobs", () => {
  it("write() stores bytes under their digest", async () => {
    await using store = await temporaryStore();
    assert.isFalse(await store.blobs.has(want.digest));
    assert.deepStrictEqual(await store.blobs.write(streamOf(bytes)), want);
    assert.strictEqual(await store.blobs.size(want.digest), want.size);
    assert.deepStrictEqual(await collect(store.blobs.read(want.digest)), bytes);
    assert.deepStrictEqual(await store.blobs.list(), [want.digest]);
  });

  it("list() passes over what is no blob", async () => {
    await using store = await temporaryStore();
    await store.blobs.write(streamOf(bytes));
    for (const name of [".nfs0000000001", "x".repeat(64)])
      writeFileSync(join(store.paths.blobs, name), "");
    assert.deepStrictEqual(await store.blobs.list(), [want.digest]);
  });

  for (const lie of lies) {
    it(`write() and keeping() refuse ${lie.name}, and leave nothing`, async () => {
      await using store = await temporaryStore();
      const { blobs } = store;
      for (const work of [
        () => blobs.write(streamOf(lie.bytes), want),
        () => collect(blobs.keeping(streamOf(lie.bytes), want).read()),
      ]) {
        assert.strictEqual((await failure(work())).code, "DIGEST_MISMATCH");
      }
      assert.isFalse(await blobs.has(want.digest));
      assert.deepStrictEqual(readdirSync(store.work), ["owner"]);
    });
  }

  it("write() does not read what is there already", async () => {
    await using store = await temporaryStore();
    await store.blobs.writeWhole(bytes);
    let opened = false;
    const source = {
      [Symbol.asyncIterator]: () => {
        opened = true;
        return streamOf(bytes);
      },
    };
    await store.blobs.write(source, want);
    assert.isFalse(opened);
  });

  it("writeWhole() stores bytes once, for this user alone", async () => {
    await using store = await temporaryStore();
    assert.deepStrictEqual(await store.blobs.writeWhole(bytes), want);
    assert.deepStrictEqual(await store.blobs.writeWhole(bytes), want);
    assert.deepStrictEqual(await store.blobs.readWhole(want.digest), bytes);
    assert.strictEqual(statSync(store.blobs.path(want.digest)).mode & 0o777, 0o600);
  });

  it("writeWhole() that fails says so, and leaves nothing", async () => {
    await using store = await temporaryStore();
    rmdirSync(store.paths.blobs);
    const { code } = await failure(store.blobs.writeWhole(bytes));
    assert.strictEqual(code, "STORE");
    assert.deepStrictEqual(readdirSync(store.work), ["owner"]);
  });

  it("write() stops when told, and leaves nothing", async () => {
    await using store = await temporaryStore();
    const reason = new Error("enough");
    const work = store.blobs.write(streamOf(bytes), want, AbortSignal.abort(reason));
    const got: unknown = await work.catch((error: unknown) => error);
    assert.strictEqual(got, reason);
    assert.deepStrictEqual(readdirSync(store.work), ["owner"]);
  });

  it("keeping() stores what was read to its end", async () => {
    await using store = await temporaryStore();
    await using passing = store.blobs.keeping(streamOf(bytes), want);
    assert.deepStrictEqual(await collect(passing.read()), bytes);
    assert.isTrue(await passing.stored());
    assert.deepStrictEqual(await store.blobs.readWhole(want.digest), bytes);
  });

  it("keeping() that is left early stores nothing", async () => {
    await using store = await temporaryStore();
    await using passing = store.blobs.keeping(streamOf(bytes), want);
    for await (const chunk of passing.read()) {
      assert.isAbove(chunk.byteLength, 0);
      break;
    }
    assert.isFalse(await passing.stored());
    assert.isFalse(await store.blobs.has(want.digest));
    assert.deepStrictEqual(readdirSync(store.work), ["owner"]);
  });

  it("writers of the same blob at once share one", async () => {
    await using store = await temporaryStore();
    await Promise.all(Array.from({ length: 8 }, () => store.blobs.write(streamOf(bytes), want)));
    assert.deepStrictEqual(await store.blobs.list(), [want.digest]);
    assert.deepStrictEqual(await store.blobs.readWhole(want.digest), bytes);
  });

  it("read() and readWhole() name a blob that is missing", async () => {
    await using store = await temporaryStore();
    for (const work of [
      () => collect(store.blobs.read(want.digest)),
      () => store.blobs.readWhole(want.digest),
    ]) {
      const error = await failure(work());
      assert.strictEqual(error.code, "STORE");
      assert.strictEqual(error.message, `Cannot read blob ${want.digest}: it is not in the store`);
    }
  });

  it("readWhole() refuses a blob that the disk damaged", async () => {
    await using store = await temporaryStore();
    await store.blobs.writeWhole(bytes);
    writeFileSync(store.blobs.path(want.digest), "else");
    assert.include((await failure(store.blobs.readWhole(want.digest))).message, "damaged");
  });
});
