import { mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { hexOf, type Digest } from "../oci/digest.js";
import { formatPlatform, type Platform } from "../oci/platform.js";
import { familiarReference, type Reference } from "../oci/reference.js";
import { streamOf } from "../oci/stream-of.js";
import type { Stored } from "../oci/resolved-image.js";
import { stored } from "./packed-image.js";
import type { IndexedImage } from "./packed-index.js";

/** The media type of a statement (in-toto attestation framework). */
export const statementType = "application/vnd.in-toto+json";
/** The type of what provenance says (slsa.dev/spec/v1.0/provenance). */
export const provenanceType = "https://slsa.dev/provenance/v1";

/** What a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** A statement of provenance, as bytes. */
export function provenanceStatement(subject: readonly Subject[], predicate: object): Uint8Array {
  const statement = {
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType: provenanceType,
    subject,
    predicate,
  };
  return Buffer.from(JSON.stringify(statement, undefined, 2));
}

/** An image as a subject, by each of its names (purl-spec, docker). */
export function imageSubjects(
  digest: Digest,
  names: readonly Reference[],
  platform: Platform,
): readonly Subject[] {
  const sha256 = hexOf(digest);
  if (names.length === 0) return [{ name: "_", digest: { sha256 } }];
  return names.map((reference) => ({ name: packageUrl(reference, platform), digest: { sha256 } }));
}

/** What package URLs call an image (purl-spec, docker). */
export function packageUrl({ tag, digest, ...repository }: Reference, platform: Platform): string {
  const version = tag ?? digest;
  const name = `pkg:docker/${familiarReference(repository)}`;
  const at = version === undefined ? "" : `@${version.replace(":", "%3A")}`;
  return `${name}${at}?platform=${encodeURIComponent(formatPlatform(platform))}`;
}

/**
 * A statement about an image, as an index lists it beside that (BuildKit, attestation-storage.md):
 * with its subject, or in the form of an image, which older registries want.
 */
export function packAttestation(
  statement: Uint8Array,
  { annotations: _, platform: __, ...image }: Descriptor,
  form: "artifact" | "image",
): IndexedImage {
  const { descriptor: layer } = stored(statement, statementType);
  const config = form === "artifact" ? emptyConfig : unknownImage(layer.digest);
  const artifact = { artifactType: "application/vnd.docker.attestation.manifest.v1+json" };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...(form === "artifact" ? artifact : {}),
    config: config.descriptor,
    layers: [{ ...layer, annotations: { "in-toto.io/predicate-type": provenanceType } }],
    ...(form === "artifact" ? { subject: image } : {}),
  };
  const bytes = Buffer.from(JSON.stringify(manifest, undefined, 2));
  const packed = stored(bytes, mediaTypes.manifest);
  return {
    image: {
      manifest: packed,
      config,
      layers: [{ descriptor: layer, open: () => streamOf(statement) }],
    },
    descriptor: {
      ...packed.descriptor,
      annotations: {
        "vnd.docker.reference.digest": image.digest,
        "vnd.docker.reference.type": "attestation-manifest",
      },
      platform: { os: "unknown", architecture: "unknown" },
    },
  };
}

/** image-spec, manifest.md, "Guidance for an Empty Descriptor". */
const emptyConfig = stored(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");

function unknownImage(diffId: Digest): Stored {
  const rootfs = { type: "layers", diff_ids: [diffId] };
  const config = { architecture: "unknown", os: "unknown", config: {}, rootfs };
  return stored(Buffer.from(JSON.stringify(config)), mediaTypes.config);
}
