import { assert } from "chai";
import { inlineDocument } from "../../../src/cache/remote/inline.js";
import { mediaTypes } from "../../../src/oci/descriptor.js";
import { inlineCacheKey, type ImageConfig, type Manifest } from "../../../src/oci/image.js";
import { blobOf, recordFor } from "../../contracts/cache-place.js";
import { failureOf } from "../../oci/build-errors.js";

const { layer, ...step } = recordFor("x");
const { blob, ...bare } = layer;
const manifest: Manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: blobOf("{}"),
  layers: [blob],
};

/** An image of one layer, whose config holds a cache. */
function configWith(steps: unknown): ImageConfig {
  const config: ImageConfig = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [layer.diffId] },
  };
  return Object.assign(config, { [inlineCacheKey]: { steps, facts: [], bases: [] } });
}

describe("inlineDocument()", () => {
  it("K20 takes the blobs of the steps from the manifest", () => {
    const document = inlineDocument(configWith([{ ...step, layer: bare }]), manifest);
    assert.deepStrictEqual(document?.steps, [recordFor("x")]);
  });

  it("K20 refuses what is no cache, so that an export may replace it", async () => {
    for (const diffId of ["sha256:x", blobOf("other").digest, undefined]) {
      const steps = [{ ...step, layer: { ...bare, diffId } }];
      await failureOf(() => inlineDocument(configWith(steps), manifest), "INVALID_IMAGE");
    }
    await failureOf(() => inlineDocument(configWith("none"), manifest), "INVALID_IMAGE");
  });
});
