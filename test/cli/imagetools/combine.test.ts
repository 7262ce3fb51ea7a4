import { assert } from "chai";
import { parseAnnotation } from "../../../src/cli/args/annotation.js";
import { combine, type Combining } from "../../../src/cli/imagetools/combine.js";
import type { Source } from "../../../src/cli/imagetools/source.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "../../../src/oci/descriptor.js";
import { digestOf } from "../../../src/oci/digest.js";
import { parsePlatform } from "../../../src/oci/platform.js";
import { failureOf } from "../../oci/build-errors.js";
import { image, index, listed } from "./sources.js";

async function combined(sources: readonly Source[], given: Partial<Combining> = {}) {
  const combining = { annotations: [], preferIndex: true, platforms: [], ...given };
  const { root, parts } = await combine(sources, combining);
  const json = JSON.parse(Buffer.from(root.bytes).toString()) as Partial<{
    mediaType: string;
    manifests: readonly Descriptor[];
    annotations: unknown;
  }>;
  const { manifests = [] } = json;
  const platforms = manifests.map(({ platform }) => platform?.architecture);
  return { ...json, root, parts, manifests, platforms };
}

const [amd64, arm64] = [image("linux/amd64"), image("linux/arm64")];
const both = index(listed(amd64, "linux/amd64"), listed(arm64, "linux/arm64"));

describe("combine()", () => {
  it("Q03 N15 joins images by the platforms of their configs", async () => {
    const { platforms, mediaType, parts } = await combined([amd64, arm64]);
    assert.deepStrictEqual(platforms, ["amd64", "arm64"]);
    assert.strictEqual(mediaType, mediaTypes.index);
    assert.deepStrictEqual(
      parts.map((part) => part.source),
      [amd64, arm64],
    );
  });

  it("Q03 takes what an index lists, each once", async () => {
    const { manifests, platforms } = await combined([both, arm64, image("linux/s390x")]);
    assert.deepStrictEqual(platforms, ["amd64", "arm64", "s390x"]);
    assert.strictEqual(manifests[1]?.digest, arm64.root.descriptor.digest);
  });

  it("Q03 copies a single index as it is", async () => {
    assert.deepStrictEqual((await combined([both])).root, both.root);
  });

  it("Q03 makes an index of a single image, unless it is not preferred", async () => {
    assert.deepStrictEqual((await combined([arm64])).platforms, ["arm64"]);
    assert.deepStrictEqual((await combined([arm64], { preferIndex: false })).root, arm64.root);
  });

  it("Q03 takes only the platforms that are asked for, with what is said of them", async () => {
    const about = (of: Source): Descriptor => ({
      mediaType: mediaTypes.manifest,
      digest: digestOf(`about ${of.root.descriptor.digest}`),
      size: 1,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of.root.descriptor.digest,
      },
    });
    const all = index(
      listed(amd64, "linux/amd64"),
      listed(arm64, "linux/arm64"),
      about(amd64),
      about(arm64),
    );
    const platforms = [parsePlatform("linux/arm64")];
    const { manifests } = await combined([all], { platforms });
    assert.deepStrictEqual(manifests, [listed(arm64, "linux/arm64"), about(arm64)]);
    const missing = combine([all], {
      annotations: [],
      preferIndex: true,
      platforms: [parsePlatform("linux/386")],
    });
    await failureOf(missing, "PLATFORM");
  });

  it("Q03 annotates the index, and descriptors of all platforms or of one", async () => {
    const annotations = [
      "index:a=1",
      "manifest-descriptor:b=2",
      "manifest-descriptor[linux/arm64]:c=3",
    ].flatMap(parseAnnotation);
    const made = await combined([both], { annotations });
    assert.deepStrictEqual(made.annotations, { a: "1" });
    assert.deepStrictEqual(
      made.manifests.map((one) => one.annotations),
      [{ b: "2" }, { b: "2", c: "3" }],
    );
  });

  it("Q03 keeps what somebody says of a manifest", async () => {
    const platform = { os: "linux", architecture: "arm", variant: "v5" };
    const { descriptor, bytes } = amd64.root;
    const said = { ...amd64, root: { bytes, descriptor: { ...descriptor, platform } } };
    assert.deepStrictEqual((await combined([said])).manifests[0]?.platform, platform);
  });

  it("makes a list of Docker's of Docker's manifests alone", async () => {
    const docker = image("linux/amd64", "docker");
    assert.strictEqual((await combined([docker])).mediaType, dockerMediaTypes.index);
    assert.strictEqual((await combined([docker, arm64])).mediaType, mediaTypes.index);
  });
});
