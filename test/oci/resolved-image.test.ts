import { assert } from "chai";
import { mediaTypes, type Descriptor } from "../../src/oci/descriptor.js";
import { digestOf, type Digest } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { resolveImage, type ResolvedImage } from "../../src/oci/resolved-image.js";
import { failureOf } from "./build-errors.js";
import { indexFor, makeImage, type SampleBlob } from "./sample-image.js";

const [amd64, arm64] = [parsePlatform("linux/amd64"), parsePlatform("linux/arm64")];

function documentOf(mediaType: string, content: object): SampleBlob {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } };
}

/** An index that says of nothing in it what it is for. */
function indexOver(...parts: readonly SampleBlob[]): SampleBlob {
  return documentOf(mediaTypes.index, { manifests: parts.map(({ descriptor }) => descriptor) });
}

/** Resolves `root` for amd64, where these blobs can be had. */
function resolve(root: SampleBlob, blobs: readonly SampleBlob[]): Promise<ResolvedImage> {
  const fetch = ({ digest }: Descriptor): Promise<Uint8Array> => {
    const found = blobs.find(({ descriptor }) => descriptor.digest === digest);
    return Promise.resolve(found?.bytes ?? assert.fail(`there is no ${digest}`));
  };
  return resolveImage(root, { name: "app", platform: amd64, fetch });
}

describe("N03 resolveImage()", () => {
  const own = makeImage("own", amd64);
  const other = makeImage("other", arm64);
  const inner = [indexFor([other]), indexFor([own])];
  const all = [...own.blobs, ...other.blobs, ...inner];

  it("looks into each of several indexes in an index", async () => {
    const { manifest } = await resolve(indexOver(...inner), all);
    assert.strictEqual(manifest.descriptor.digest, own.manifest.descriptor.digest);
  });

  it("names the platforms of all of them where none has the wanted one", async () => {
    const root = indexOver(
      ...inner.slice(0, 1),
      indexFor([makeImage("s390x", parsePlatform("linux/s390x"))]),
    );
    const blobs = [...all, indexFor([makeImage("s390x", parsePlatform("linux/s390x"))])];
    const { hint } = await failureOf(resolve(root, blobs), "PLATFORM");
    assert.strictEqual(hint, "it has linux/arm64, linux/s390x");
  });

  it("does not follow an index that is nested without end", async () => {
    let root = inner[1] ?? assert.fail();
    const nested = [root];
    for (let depth = 0; depth < 4; depth++) nested.push((root = indexOver(root)));
    const { message } = await failureOf(resolve(root, [...all, ...nested]), "INVALID_IMAGE");
    assert.include(message, "too many nested indexes");
  });

  it("looks into an index once, however often others list it", async () => {
    const often = (part: SampleBlob): SampleBlob => indexOver(...Array<SampleBlob>(300).fill(part));
    const nothing = indexFor([other]);
    const middle = often(nothing);
    const root = often(middle);
    const fetched: Digest[] = [];
    const fetch = ({ digest }: Descriptor): Promise<Uint8Array> => {
      fetched.push(digest);
      return Promise.resolve((digest === middle.descriptor.digest ? middle : nothing).bytes);
    };
    const resolving = resolveImage(root, { name: "app", platform: amd64, fetch });
    const { hint } = await failureOf(resolving, "PLATFORM");
    assert.strictEqual(hint, "it has linux/arm64");
    assert.deepEqual(fetched, [middle.descriptor.digest, nothing.descriptor.digest]);
  });

  it("says of an artifact what it is", async () => {
    const config = {
      ...documentOf("application/vnd.oci.empty.v1+json", {}),
      bytes: Buffer.from("{}"),
    };
    const layers: readonly Descriptor[] = [];
    for (const [extra, type] of [
      [{}, "application/vnd.oci.empty.v1+json"],
      [{ artifactType: "application/x-chart" }, "application/x-chart"],
    ] as const) {
      const parts = { config: config.descriptor, layers, ...extra };
      const { message } = await failureOf(
        resolve(documentOf(mediaTypes.manifest, parts), [config]),
        "NOT_AN_IMAGE",
      );
      assert.strictEqual(message, `Cannot use "app": it is not an image, but of type "${type}"`);
    }
  });
});
