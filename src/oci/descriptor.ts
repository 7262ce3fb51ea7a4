import type { Digest } from "./digest.js";
import type { Platform } from "./platform.js";

/** Points at content by its digest (image-spec, descriptor.md). `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
  /** Where else the content may be had. */
  readonly urls?: readonly string[];
  /** Of what is not an image: the kind of thing that it is. */
  readonly artifactType?: string;
}

/** Whether a layer is one that registries do not keep, as its license does not allow it. */
export function isForeignLayer({ mediaType }: Descriptor): boolean {
  return /\.layer\.nondistributable\.v1\.|\.rootfs\.foreign\.diff\./.test(mediaType);
}

/** OCI media types (image-spec, media-types.md). */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
} as const;

/** Keys of the annotations that images are found and told apart by. */
export const annotationKeys = {
  /** In index.json of an image layout: the tag (image-spec, annotations.md). */
  refName: "org.opencontainers.image.ref.name",
  /** In index.json of an image layout: the whole name, as containerd and Docker load it. */
  imageName: "io.containerd.image.name",
  /** Of a manifest of attestations: the digest of the image that it is about, and what it is. */
  attestedDigest: "vnd.docker.reference.digest",
  attestationType: "vnd.docker.reference.type",
  /** Of a layer with an attestation: the type of what it says. */
  predicateType: "in-toto.io/predicate-type",
} as const;

/** `attestationType` of every manifest of attestations. */
export const ATTESTATION_MANIFEST = "attestation-manifest";

/** Docker's image manifest v2, schema 2, media types. */
export const dockerMediaTypes = {
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
  layerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;
