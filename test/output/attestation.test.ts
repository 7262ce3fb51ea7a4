import { assert } from "chai";
import { imageSubjects, packAttestation, statementOf } from "../../src/output/attestation.js";
import { digestOf } from "../../src/oci/digest.js";
import { parsePlatform } from "../../src/oci/platform.js";
import { parseReference } from "../../src/oci/reference.js";
import { collect } from "../oci/bytes.js";

const platform = parsePlatform("linux/arm/v7");
const digest = digestOf("image");
const image = {
  mediaType: "application/vnd.oci.image.manifest.v1+json",
  digest,
  size: 5,
  platform,
};

function manifestOf(form: "artifact" | "image") {
  const type = "https://slsa.dev/provenance/v1";
  const statements = [
    statementOf({ type: "https://spdx.dev/Document", predicate: { files: [] } }, []),
    statementOf({ type, predicate: { builder: 1 } }, []),
  ];
  const packed = packAttestation(statements, image, form);
  const manifest: unknown = JSON.parse(Buffer.from(packed.image.manifest.bytes).toString());
  return { statements, packed, manifest };
}

describe("an attestation", () => {
  it("A01 names the image by each of its names, or by none", () => {
    const names = ["web:1", "registry.example.com:5000/team/web@sha256:" + "a".repeat(64)];
    const sha256 = digest.slice("sha256:".length);
    assert.deepStrictEqual(imageSubjects(digest, names.map(parseReference), platform), [
      { name: "pkg:docker/web@1?platform=linux%2Farm%2Fv7", digest: { sha256 } },
      {
        name: `pkg:docker/registry.example.com:5000/team/web@sha256%3A${"a".repeat(64)}?platform=linux%2Farm%2Fv7`,
        digest: { sha256 },
      },
    ]);
    assert.deepStrictEqual(imageSubjects(digest, [], platform), [
      { name: "_", digest: { sha256 } },
    ]);
  });

  it("A03 O13 says which image it is about, in the index and in its manifest", async () => {
    const { packed, manifest, statements } = manifestOf("artifact");
    assert.deepInclude(packed.descriptor, {
      annotations: {
        "vnd.docker.reference.digest": digest,
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { os: "unknown", architecture: "unknown" },
    });
    const { mediaType, size } = image;
    assert.deepInclude(manifest, {
      artifactType: "application/vnd.docker.attestation.manifest.v1+json",
      subject: { mediaType, digest, size },
      layers: statements.map(({ type, bytes }) => ({
        mediaType: "application/vnd.in-toto+json",
        digest: digestOf(bytes),
        size: bytes.byteLength,
        annotations: { "in-toto.io/predicate-type": type },
      })),
    });
    assert.strictEqual(
      packed.image.config.descriptor.mediaType,
      "application/vnd.oci.empty.v1+json",
    );
    const [layer] = packed.image.layers;
    const bytes = Buffer.from(statements[0]?.bytes ?? "");
    assert.deepStrictEqual(layer && (await collect(layer.open())), bytes);
  });

  it("O13 looks like an image of an unknown platform where registries want that", () => {
    const { packed, manifest, statements } = manifestOf("image");
    assert.notProperty(manifest, "subject");
    assert.notProperty(manifest, "artifactType");
    const config: unknown = JSON.parse(Buffer.from(packed.image.config.bytes).toString());
    assert.deepStrictEqual(config, {
      architecture: "unknown",
      os: "unknown",
      config: {},
      rootfs: { type: "layers", diff_ids: statements.map(({ bytes }) => digestOf(bytes)) },
    });
  });
});
