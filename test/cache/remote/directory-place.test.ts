import { assert } from "chai";
import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mediaTypes } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import type { Index, Manifest } from "../../../src/oci/image.js";
import { serializeDocument } from "../../../src/oci/image-json.js";
import { blobPath } from "../../../src/oci/image-layout.js";
import { streamOf } from "../../../src/oci/stream-of.js";
import { DirectoryPlace } from "../../../src/cache/remote/directory-place.js";
import { emptyDocument } from "../../../src/cache/remote/record.js";
import {
  blobOf,
  describeCachePlace,
  firstName,
  recordFor,
  type PlaceSite,
} from "../../contracts/cache-place.js";
import { isSystemError } from "../../../src/sys/system-error.js";
import { failureOf } from "../../oci/build-errors.js";

const { signal } = new AbortController();

interface Site extends PlaceSite {
  readonly path: string;
}

async function openSite(): Promise<Site> {
  const path = await mkdtemp(join(tmpdir(), "tsbuild-place-"));
  return {
    path,
    open: () => new DirectoryPlace({ path: join(path, "cache"), tag: "latest" }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

describeCachePlace("directory", openSite);

describe("DirectoryPlace", () => {
  it("K21 holds several caches, each under its tag, and reads one by its digest", async () => {
    await using site = await openSite();
    const tagged = (tag: string): DirectoryPlace => new DirectoryPlace({ path: site.path, tag });
    const documentOf = (name: string) => ({ steps: [recordFor(name)], facts: [], bases: [] });
    for (const tag of ["a", "b"]) {
      await using place = tagged(tag);
      await place.setLatest(documentOf(tag), signal);
      await place.put(firstName(recordFor("x")), recordFor("x", tag));
    }
    assert.deepStrictEqual(await tagged("a").latest(), documentOf("a"));
    assert.deepStrictEqual(await tagged("b").latest(), documentOf("b"));
    const [found] = await tagged("b").find(firstName(recordFor("x")));
    assert.deepStrictEqual(found, recordFor("x", "b"), "records are as separate");
    const missing = new DirectoryPlace({ path: site.path, tag: "a", digest: digestOf("none") });
    assert.isUndefined(await missing.latest());
  });

  it("ends where a filesystem makes no directories", async () => {
    await using place = new DirectoryPlace({ path: "/proc/tsbuild/cache", tag: "latest" });
    const error: unknown = await place
      .setLatest(emptyDocument, signal)
      .catch((cause: unknown) => cause);
    assert.isTrue(isSystemError(error, "ENOENT"), String(error));
  });

  it("K25 says that a cache is of BuildKit, in each of its forms", async () => {
    await using site = await openSite();
    const type = "application/vnd.buildkit.cacheconfig.v0";
    const config = { ...blobOf("{}"), mediaType: type };
    const forms: readonly (Index | Manifest)[] = [
      { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [blobOf("layer")] },
      { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [blobOf("layer"), config] },
    ];
    for (const form of forms) {
      await using place = new DirectoryPlace({ path: site.path, tag: "latest" });
      const bytes = serializeDocument(form);
      const { mediaType } = form;
      const stored = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
      await place.write(stored, { open: () => streamOf(bytes), signal });
      const annotations = { "org.opencontainers.image.ref.name": "latest" };
      const manifests = [{ ...stored, annotations }];
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests } as const;
      await writeFile(join(site.path, "index.json"), serializeDocument(index));
      const { message } = await failureOf(place.latest(), "UNSUPPORTED");
      assert.strictEqual(message, "it is a cache of BuildKit, whose steps have other keys");
    }
  });

  it("K32 writes a blob again that was cut off", async () => {
    await using site = await openSite();
    const blob = blobOf("some content");
    const options = { open: () => streamOf(Buffer.from("some content")), signal };
    await using place = new DirectoryPlace({ path: site.path, tag: "latest" });
    await place.write(blob, options);
    await truncate(join(site.path, blobPath(blob.digest)), 3);
    assert.strictEqual(await place.write(blob, options), "uploaded");
    assert.strictEqual(await place.write(blob, options), "present");
  });

  it("leaves nothing unfinished behind", async () => {
    await using site = await openSite();
    {
      await using place = new DirectoryPlace({ path: site.path, tag: "latest" });
      await place.setLatest({ steps: [], facts: [], bases: [] }, signal);
    }
    assert.sameMembers(await readdir(site.path), ["blobs", "index.json", "oci-layout"]);
  });

  it("removes what a killed build left, of other machines a day ago, and nothing of one that runs", async () => {
    await using site = await openSite();
    const [old, fresh] = [join(site.path, ".unfinished-old"), join(site.path, ".unfinished-new")];
    for (const path of [old, fresh]) await mkdir(path);
    await writeFile(join(old, "1"), "half of a layer");
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(old, before, before);
    const unfinished = async (): Promise<readonly string[]> =>
      (await readdir(site.path)).filter((name) => name.startsWith(".unfinished-")).sort();
    await using running = new DirectoryPlace({ path: site.path, tag: "latest" });
    await running.setLatest(emptyDocument, signal);
    const [ours = "", ...others] = await unfinished();
    assert.deepStrictEqual(others, [".unfinished-new"]);
    const killed = `${ours.slice(0, -6)}killed`;
    await mkdir(join(site.path, killed));
    await using next = new DirectoryPlace({ path: site.path, tag: "latest" });
    await next.setLatest(emptyDocument, signal);
    const left = await unfinished();
    assert.lengthOf(left, 3);
    assert.includeMembers([...left], [ours, ".unfinished-new"]);
    assert.notInclude(left, killed);
  });

  const broken = [
    { name: "an index.json that is a manifest", text: '{"layers":[],"config":{}}' },
    { name: "an index.json that was cut off", text: '{"manifests":[' },
  ];
  for (const { name, text } of broken) {
    it(`tells of ${name}`, async () => {
      await using site = await openSite();
      await writeFile(join(site.path, "index.json"), text);
      const place = new DirectoryPlace({ path: site.path, tag: "latest" });
      await failureOf(place.latest(), "INVALID_IMAGE");
    });
  }
});
