import { assert } from "chai";
import { BuildError } from "../../src/error.js";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import type { ImageRecord } from "../../src/store/image-record.js";
import { failure, openTestStore, TemporaryDirectory, temporaryStore } from "./fixture.js";

function image(id: Digest): ImageRecord {
  return { id, createdAt: 0 };
}
const a = image(digestOf("a"));
const b = image(digestOf("b"));
const twins = [
  image(`sha256:abc1${"0".repeat(60)}` as Digest),
  image(`sha256:abc2${"0".repeat(60)}` as Digest),
];
const manifest = { mediaType: "m", digest: digestOf("manifest"), size: 1 };

describe("Images", () => {
  for (const text of [
    "web",
    "web:latest",
    "docker.io/library/web",
    a.id,
    a.id.slice(7),
    a.id.slice(7, 12),
    a.id.slice(0, 20),
  ]) {
    it(`find("${text}") finds the image that was put as "web"`, async () => {
      await using store = await temporaryStore();
      await store.images.put(a, ["web"]);
      assert.deepStrictEqual(store.images.find(text), a);
    });
  }

  for (const text of [
    "web:2",
    "other/web",
    "no name!",
    "f00d",
    digestOf("nothing"),
    `web@${digestOf("nothing")}`,
  ]) {
    it(`find("${text}") finds nothing, and get() says so`, async () => {
      await using store = await temporaryStore();
      await store.images.put(a, ["web"]);
      assert.isUndefined(store.images.find(text));
      const error = await failure(Promise.resolve().then(() => store.images.get(text)));
      assert.strictEqual(error.code, "IMAGE_NOT_FOUND");
      assert.strictEqual(error.message, `Cannot find image "${text}" in the store`);
    });
  }

  it("find() refuses the beginning of several ids", async () => {
    await using store = await temporaryStore();
    for (const twin of twins) await store.images.put(twin, []);
    const error = await failure(Promise.resolve().then(() => store.images.find("abc")));
    assert.include(error.message, `2 image ids start with "abc"`);
    assert.deepStrictEqual(store.images.find("abc2"), twins[1]);
  });

  it("find() takes fewer digits than it is told to for no id", async () => {
    await using store = await temporaryStore();
    await store.images.put(a, []);
    const hex = a.id.slice("sha256:".length);
    assert.isUndefined(store.images.find(hex.slice(0, 11), 12));
    assert.deepStrictEqual(store.images.find(hex.slice(0, 12), 12), a);
  });

  it("find() prefers a name to the beginning of an id", async () => {
    await using store = await temporaryStore();
    for (const twin of twins) await store.images.put(twin, []);
    await store.images.put(a, ["abc1"]);
    assert.deepStrictEqual(store.images.find("abc1"), a);
  });

  it("find() finds a pulled image by the digest of its manifest", async () => {
    await using store = await temporaryStore();
    const pulled = { ...a, manifest };
    await store.images.put(pulled, ["web:1"]);
    assert.deepStrictEqual(store.images.find(`web@${manifest.digest}`), pulled);
    assert.isUndefined(store.images.find(`other@${manifest.digest}`));
  });

  it("put() leaves an image that lost its name, listed without one", async () => {
    await using store = await temporaryStore();
    await store.images.put(a, ["web"]);
    await store.images.put(b, ["web"]);
    assert.deepStrictEqual(store.images.list(), [
      { name: "docker.io/library/web:latest", record: b },
      { name: undefined, record: a },
    ]);
  });

  it("put() of an image that was pulled keeps its manifest", async () => {
    await using store = await temporaryStore();
    await store.images.put({ ...a, manifest }, ["web"]);
    await store.images.put(a, ["again"]);
    assert.deepStrictEqual(store.images.get("again").manifest, manifest);
  });

  it("put() takes away the manifest that an earlier build gave, with what a later one gives none", async () => {
    await using store = await temporaryStore();
    await store.images.put({ ...a, manifest, built: true }, ["web"]);
    await store.images.tag("web", "kept");
    assert.deepStrictEqual(store.images.get("kept").manifest, manifest);
    await store.images.put(a, ["web"]);
    assert.isUndefined(store.images.get("web").manifest);
  });

  it("tag() gives another name, remove() takes names and then the image", async () => {
    await using store = await temporaryStore();
    const { images } = store;
    await images.put(a, ["web"]);
    await images.tag("web", "localhost:5000/web:2");
    assert.deepStrictEqual(images.namesOf(a.id), [
      "docker.io/library/web:latest",
      "localhost:5000/web:2",
    ]);
    const [web, second] = images.namesOf(a.id);
    assert.deepEqual<unknown>(await images.remove(["web"]), [
      { untagged: [web], deleted: undefined },
    ]);
    const last = await images.remove(["localhost:5000/web:2"]);
    assert.deepEqual<unknown>(last, [{ untagged: [second], deleted: a.id }]);
    assert.deepStrictEqual(images.list(), []);
  });

  it("remove() keeps an image that another process has just given a name", async () => {
    await using directory = await TemporaryDirectory.make();
    await using one = await openTestStore(directory.path);
    await using other = await openTestStore(directory.path);
    await one.images.put(a, ["web"]);
    assert.isDefined(one.images.find("web")); // what it reads in this turn is as of now
    const put = other.images.put(a, ["kept"]);
    const removals = await one.images.remove(["web"]);
    await put;
    const untagged = ["docker.io/library/web:latest"];
    assert.deepEqual(removals, [{ untagged, deleted: undefined }]);
    assert.deepStrictEqual(one.images.get("kept"), a);
  });

  it("remove() by id needs force when the image has several names", async () => {
    await using store = await temporaryStore();
    const { images } = store;
    await images.put(a, ["web", "web:2"]);
    const names = images.namesOf(a.id);
    const [error] = await images.remove([a.id]);
    assert.instanceOf(error, BuildError);
    assert.include(error.message, names.join(", "));
    const removals = await images.remove([a.id], { force: true });
    assert.deepEqual(removals, [{ untagged: names, deleted: a.id }]);
    assert.deepStrictEqual(images.list(), []);
  });

  it("remove() takes many at once, each as if it were alone", async () => {
    await using store = await temporaryStore();
    const { images } = store;
    await images.put(a, ["web", "web:2"]);
    const [second, web] = images.namesOf(a.id);
    const [first, unknown, last, again] = await images.remove(["web", "no", a.id, "web"]);
    assert.deepEqual<unknown>(first, { untagged: [web], deleted: undefined });
    assert.deepEqual<unknown>(last, { untagged: [second], deleted: a.id });
    for (const error of [unknown, again]) {
      assert.instanceOf(error, BuildError);
      assert.strictEqual(error.code, "IMAGE_NOT_FOUND");
    }
  });

  it("config() refuses a config that is not what its id says", async () => {
    await using store = await temporaryStore();
    const text = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [] },
    });
    const { digest } = await store.blobs.writeWhole(Buffer.from(text));
    assert.strictEqual((await store.images.config(image(digest))).architecture, "amd64");
    assert.strictEqual((await failure(store.images.config(a))).code, "STORE");
  });
});
