import { assert } from "chai";
import type { Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { formatReference, parseReference } from "../../src/oci/reference.js";
import type { Stored } from "../../src/oci/resolved-image.js";
import { onlyImage, type PackedImage, type PackedRoot } from "../../src/output/packed-image.js";
import { pushImage, type PushTarget } from "../../src/output/push-image.js";
import { chunked, collect } from "../oci/bytes.js";

const never = new AbortController().signal;
const reference = parseReference("example.com/web:1");

function described(text: string): Descriptor {
  return { mediaType: "m", digest: digestOf(text), size: text.length };
}

function stored(text: string): Stored {
  return { descriptor: described(text), bytes: Buffer.from(text) };
}

function image(manifest: string, ...layers: readonly string[]): PackedImage {
  return {
    manifest: stored(manifest),
    config: stored("config"),
    layers: layers.map((text) => ({
      descriptor: described(text),
      open: () => chunked(Buffer.from(text), 2),
    })),
  };
}

function alone(...layers: readonly string[]): PackedRoot {
  return onlyImage(image("manifest", ...layers));
}

/** Takes everything, one byte at a time, and keeps a list of what was sent. */
class FakeRegistry implements PushTarget {
  readonly log: string[] = [];
  /** Answers of `pushBlob` other than "uploaded", by text. */
  readonly has = new Map<string, "mounted" | "present">();
  readonly fails = new Set<string>();
  readonly mounts = new Map<string, string>();
  open = 0;
  peak = 0;

  async pushBlob(
    ...[, { digest }, { open, signal, onProgress, mountFrom }]: Parameters<PushTarget["pushBlob"]>
  ) {
    if (mountFrom !== undefined) this.mounts.set(digest, mountFrom);
    this.peak = Math.max(this.peak, ++this.open);
    try {
      const bytes = await collect(open());
      assert.strictEqual(digestOf(bytes), digest);
      const text = bytes.toString("utf8");
      if (this.fails.has(text)) throw new Error(`no ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal.throwIfAborted();
      onProgress?.(bytes.byteLength);
      this.log.push(text);
      return this.has.get(text) ?? "uploaded";
    } finally {
      this.open--;
    }
  }

  async pushManifest(...[name, { bytes }]: Parameters<PushTarget["pushManifest"]>): Promise<void> {
    await Promise.resolve();
    this.log.push(`${formatReference(name)} = ${Buffer.from(bytes).toString("utf8")}`);
  }
}

/** Knows one repository, and keeps what it is told. */
class FakeSources {
  readonly known = new Map<string, string>();
  readonly told: unknown[] = [];

  readonly find = (digest: string) => this.known.get(digest);

  async remember(digests: readonly string[], { repository }: { readonly repository: string }) {
    await Promise.resolve();
    this.told.push([repository, digests]);
  }
}

describe("pushImage()", () => {
  it("N04 sends layers and the config, three at a time, then the manifest", async () => {
    const target = new FakeRegistry();
    const progress = (): void => undefined;
    await pushImage(alone("a", "b", "c", "d", "e"), reference, {
      target,
      sources: new FakeSources(),
      progress,
      signal: never,
    });
    assert.sameMembers(target.log.slice(0, 6), ["a", "b", "c", "d", "e", "config"]);
    assert.deepStrictEqual(target.log.slice(6), ["example.com/web:1 = manifest"]);
    assert.strictEqual(target.peak, 3);
  });

  it("sends a layer that comes twice once", async () => {
    const target = new FakeRegistry();
    const progress = (): void => undefined;
    await pushImage(alone("a", "b", "a"), reference, {
      target,
      sources: new FakeSources(),
      progress,
      signal: never,
    });
    assert.sameMembers(target.log.slice(0, 3), ["a", "b", "config"]);
    assert.lengthOf(target.log, 4);
  });

  it("M01 sends what an index lists by digest, and the index at last", async () => {
    const target = new FakeRegistry();
    const images = [image("amd64", "a", "b"), image("arm64", "b", "c")];
    const progress = (): void => undefined;
    await pushImage({ root: stored("index"), images }, reference, {
      target,
      sources: new FakeSources(),
      progress,
      signal: never,
    });
    assert.sameMembers(target.log.slice(0, 4), ["a", "b", "c", "config"]);
    assert.deepStrictEqual(target.log.slice(4, 6), [
      `example.com/web@${digestOf("amd64")} = amd64`,
      `example.com/web@${digestOf("arm64")} = arm64`,
    ]);
    assert.deepStrictEqual(target.log.slice(6), ["example.com/web:1 = index"]);
  });

  it("tells what became of each layer", async () => {
    const target = new FakeRegistry();
    target.has.set("bb", "present").set("cc", "mounted");
    const sources = new FakeSources();
    sources.known.set(digestOf("cc"), "library/base");
    const told: unknown[] = [];
    await pushImage(alone("aa", "bb", "cc"), reference, {
      target,
      sources,
      progress: ({ digest }, state) => told.push([digest, state]),
      signal: never,
    });
    assert.includeDeepMembers(told, [
      [digestOf("aa"), { sent: 2 }],
      [digestOf("aa"), "uploaded"],
      [digestOf("bb"), "present"],
      [digestOf("cc"), { mountedFrom: "library/base" }],
    ]);
    const all = ["aa", "bb", "cc"].map((text) => digestOf(text));
    assert.deepStrictEqual(sources.told, [[reference.repository, all]]);
    assert.deepStrictEqual(target.mounts, new Map([[digestOf("cc"), "library/base"]]));
  });

  it("N14 leaves out layers that may not be handed on", async () => {
    const target = new FakeRegistry();
    const types = [
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ];
    const { root, images } = alone("a", "b", "c");
    const layers = images[0]?.layers.map((layer, i) => {
      const mediaType = types[i] ?? layer.descriptor.mediaType;
      return { ...layer, descriptor: { ...layer.descriptor, mediaType } };
    });
    const image = images.map((item) => ({ ...item, layers: layers ?? [] }));
    const options = {
      target,
      sources: new FakeSources(),
      progress: () => undefined,
      signal: never,
    };
    await pushImage({ root, images: image }, reference, options);
    assert.sameMembers(target.log.slice(0, 2), ["c", "config"]);
    assert.deepStrictEqual(target.log.slice(2), ["example.com/web:1 = manifest"]);
  });

  it("stops everything at the first failure, and sends no manifest", async () => {
    const target = new FakeRegistry();
    target.fails.add("b");
    const pushing = pushImage(alone("a", "b", "c", "d", "e"), reference, {
      target,
      sources: new FakeSources(),
      progress: () => undefined,
      signal: never,
    });
    const error: unknown = await pushing.catch((cause: unknown) => cause);
    assert.strictEqual(error instanceof Error && error.message, "no b");
    assert.strictEqual(target.open, 0, "nothing goes on behind our back");
    assert.deepStrictEqual(target.log, []);
  });

  it("stops with the user's reason", async () => {
    const target = new FakeRegistry();
    const reason = new Error("enough");
    const error: unknown = await pushImage(alone("a"), reference, {
      target,
      sources: new FakeSources(),
      progress: () => undefined,
      signal: AbortSignal.abort(reason),
    }).catch((cause: unknown) => cause);
    assert.strictEqual(error, reason);
    assert.deepStrictEqual(target.log, []);
  });
});
