import { assert } from "chai";
import type { CacheKey, StateKey } from "../../src/cache/key.js";
import { BuildError } from "../../src/error.js";
import type { Descriptor } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { streamOf } from "../../src/oci/stream-of.js";
import { verifiedBytes } from "../../src/oci/verified.js";
import type { TreeDigest } from "../../src/snapshotter/snapshotter.js";
import type { CachePlace } from "../../src/cache/remote/place.js";
import { mountName } from "../../src/cache/remote/mount-record.js";
import {
  namesOf,
  stepName,
  treeName,
  type CacheDocument,
  type RecordName,
  type RemoteRecord,
} from "../../src/cache/remote/record.js";
import { failureOf } from "../oci/build-errors.js";

const { signal } = new AbortController();

/** A digest in hex that differs for each text. */
export function hexFor(text: string): string {
  return digestOf(text).slice("sha256:".length);
}

/** The descriptor of a blob that holds this text. */
export function blobOf(text: string): Descriptor {
  const bytes = Buffer.from(text);
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/** A record of a COPY whose layer's blob holds `text`. */
export function recordFor(name: string, text = name): RemoteRecord {
  return {
    kind: "copy",
    title: `COPY ${name} /`,
    key: hexFor(`key of ${name}`) as CacheKey,
    identities: [hexFor(`identity of ${name}`)],
    components: [{ name: "destination", value: hexFor("/") }],
    layer: {
      diffId: digestOf(`diff of ${text}`),
      tree: hexFor(`tree of ${text}`) as TreeDigest,
      size: 10_240,
      createdAt: Date.UTC(2026, 0, 1),
      blob: blobOf(text),
    },
  };
}

/** The name of a record that is made of its key. */
export function firstName({ key }: RemoteRecord): RecordName {
  if (key === undefined) throw new Error("the record has no key");
  return stepName(key);
}

const state = hexFor("state") as StateKey;
const someFacts = {
  resolved: [],
  nodes: [["srv", false]],
  ids: [["owner web", { uid: 1, gid: 2 }]],
};

/** Brings a record as an export does: its blob, then the record under its names. */
async function bring(place: CachePlace, record: RemoteRecord, text: string): Promise<void> {
  await place.write(record.layer.blob, { open: () => streamOf(Buffer.from(text)), signal });
  for (const name of namesOf(record)) await place.put(name, record, signal);
}

async function textOf(place: CachePlace, blob: Descriptor): Promise<string> {
  return Buffer.from(await verifiedBytes(place.open(blob, signal), blob)).toString();
}

/** Where a suite finds places. */
export interface PlaceSite extends AsyncDisposable {
  /** Another way into the same place, as another machine has it. */
  open(): CachePlace;
}

/** Every CachePlace must pass this; each brings an empty one. */
export function describeCachePlace(name: string, openSite: () => Promise<PlaceSite>): void {
  describe(`CachePlace: ${name}`, () => {
    let site: PlaceSite;

    beforeEach(async () => {
      site = await openSite();
    });

    afterEach(async () => {
      await site[Symbol.asyncDispose]();
    });

    it("K18 is empty at first, which is no error", async () => {
      await using place = site.open();
      assert.isUndefined(await place.latest(signal));
      assert.deepStrictEqual(await place.find(stepName(hexFor("none") as CacheKey), signal), []);
    });

    it("K25 gives back a record under each of its names, to another machine", async () => {
      const record = recordFor("a");
      await using first = site.open();
      await bring(first, record, "a");
      await using second = site.open();
      for (const name of [firstName(record), treeName(record.layer.tree)])
        assert.deepStrictEqual(await second.find(name, signal), [record]);
      assert.strictEqual(await textOf(second, record.layer.blob), "a");
    });

    it("gives back the latest document, and no earlier one", async () => {
      const documents: CacheDocument[] = [
        { steps: [recordFor("a")], facts: [], bases: [] },
        {
          steps: [recordFor("b"), recordFor("a")],
          facts: [[state, someFacts as never]],
          bases: [[state, { title: "FROM busybox" }]],
        },
      ];
      await using place = site.open();
      for (const text of ["a", "b"]) await bring(place, recordFor(text), text);
      for (const document of documents) {
        await place.setLatest(document, signal);
        await using other = site.open();
        assert.deepStrictEqual(await other.latest(signal), document);
      }
    });

    it("N04 reads no blob that it has", async () => {
      await using place = site.open();
      const blob = blobOf("large");
      const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from("large"));
      let sent = 0;
      const onProgress = (bytes: number): void => {
        sent = bytes;
      };
      assert.strictEqual(await place.write(blob, { open, signal, onProgress }), "uploaded");
      assert.strictEqual(sent, 5);
      const never = (): never => assert.fail("it was read");
      assert.strictEqual(await place.write(blob, { open: never, signal }), "present");
    });

    it("keeps what was put first under a name", async () => {
      await using place = site.open();
      const [first, other] = [recordFor("a"), recordFor("a", "another result")];
      await bring(place, first, "a");
      await bring(place, other, "another result");
      const found = await place.find(firstName(first), signal);
      assert.deepInclude(found, first);
    });

    it("loses nothing of many writers at once", async () => {
      const writers = ["a", "b", "c", "d", "e"];
      await Promise.all(
        writers.map(async (text) => {
          await using place = site.open();
          await bring(place, recordFor(text), text);
          await place.setLatest({ steps: [recordFor(text)], facts: [], bases: [] }, signal);
        }),
      );
      await using place = site.open();
      for (const text of writers) {
        const record = recordFor(text);
        assert.deepStrictEqual(await place.find(firstName(record), signal), [record]);
        assert.strictEqual(await textOf(place, record.layer.blob), text);
      }
      assert.lengthOf((await place.latest(signal))?.steps ?? [], 1);
    });

    it("K24 gives back what was said last of a cache mount", async () => {
      const name = mountName(hexFor(`mount ${site.open().title}`));
      const chunks = ["a", "b", "a"].map((text) => {
        const blob = blobOf(text);
        return { digest: blob.digest, size: 1, blob };
      });
      for (const usedAt of [5, 6]) {
        const record = { id: "/npm", usedAt, checkedAt: 4, chunks };
        await using place = site.open();
        for (const text of ["a", "b"]) await bring(place, recordFor(text), text);
        await place.setMount(name, record, signal);
        await using other = site.open();
        assert.deepStrictEqual(await other.mount(name, signal), record);
      }
      await using place = site.open();
      assert.isUndefined(await place.mount(mountName(hexFor("no mount")), signal));
    });

    it("K32 fails for a blob that is not there", async () => {
      await using place = site.open();
      await failureOf(textOf(place, blobOf("nobody brought it")), "IMAGE_NOT_FOUND");
    });

    it("stores nothing of a blob that turns out to be another", async () => {
      await using place = site.open();
      const blob = blobOf("right");
      const open = (): AsyncIterable<Uint8Array> => streamOf(Buffer.from("wrong"));
      const written = await place.write(blob, { open, signal }).catch((error: unknown) => error);
      assert.instanceOf(written, BuildError);
      await failureOf(textOf(place, blob), "IMAGE_NOT_FOUND");
    });
  });
}
