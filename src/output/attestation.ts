import {
  annotationKeys,
  ATTESTATION_MANIFEST,
  mediaTypes,
  type Descriptor,
} from "../oci/descriptor.js";
import { hexOf, type Digest } from "../oci/digest.js";
import { formatPlatform, type Platform } from "../oci/platform.js";
import { familiarReference, type Reference } from "../oci/reference.js";
import { streamOf } from "../oci/stream-of.js";
import type { Stored } from "../oci/resolved-image.js";
import { stored } from "./packed-image.js";
import type { IndexedImage } from "./packed-index.js";

/** The media type of a statement (in-toto attestation framework). */
export const statementType = "application/vnd.in-toto+json";

/** What is said of an image or of files. */
export interface Claim {
  /** Tells what the words of the predicate mean ("predicateType"). */
  readonly type: string;
  readonly predicate: object;
}

/** A claim with what it is about, as bytes. */
export interface Statement {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What a statement is about. */
export interface Subject {
  readonly name: string;
  readonly digest: { readonly sha256: string };
}

/** Makes a statement of a claim. */
export function statementOf({ type, predicate }: Claim, subject: readonly Subject[]): Statement {
  const statement = {
    _type: "https://in-toto.io/Statement/v0.1",
    predicateType: type,
    subject,
    predicate,
  };
  return { type, bytes: Buffer.from(JSON.stringify(statement, undefined, 2)) };
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
 * Statements about an image, as an index lists them beside that (BuildKit, attestation-storage.md):
 * with their subject, or in the form of an image, which older registries want.
 */
export function packAttestation(
  statements: readonly Statement[],
  { annotations: _, platform: __, ...image }: Descriptor,
  form: "artifact" | "image",
): IndexedImage {
  const layers = statements.map(({ type, bytes }) => {
    const { descriptor } = stored(bytes, statementType);
    const annotations = { [annotationKeys.predicateType]: type };
    return { descriptor: { ...descriptor, annotations }, open: () => streamOf(bytes) };
  });
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const config = form === "artifact" ? emptyConfig : unknownImage(descriptors);
  const artifact = { artifactType: "application/vnd.docker.attestation.manifest.v1+json" };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    ...(form === "artifact" ? artifact : {}),
    config: config.descriptor,
    layers: descriptors,
    ...(form === "artifact" ? { subject: image } : {}),
  };
  const bytes = Buffer.from(JSON.stringify(manifest, undefined, 2));
  const packed = stored(bytes, mediaTypes.manifest);
  return {
    image: { manifest: packed, config, layers },
    descriptor: {
      ...packed.descriptor,
      annotations: {
        [annotationKeys.attestedDigest]: image.digest,
        [annotationKeys.attestationType]: ATTESTATION_MANIFEST,
      },
      platform: { os: "unknown", architecture: "unknown" },
    },
  };
}

/** image-spec, manifest.md, "Guidance for an Empty Descriptor". */
const emptyConfig = stored(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");

function unknownImage(layers: readonly Descriptor[]): Stored {
  const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
  const config = { architecture: "unknown", os: "unknown", config: {}, rootfs };
  return stored(Buffer.from(JSON.stringify(config)), mediaTypes.config);
}
