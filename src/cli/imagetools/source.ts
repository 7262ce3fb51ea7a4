import { join } from "node:path";
import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { parseDigest } from "../../oci/digest.js";
import { fileBytes } from "../../oci/file-bytes.js";
import { parsePartialDescriptor, type PartialDescriptor } from "../../oci/image-json.js";
import {
  blobPath,
  parseLayoutName,
  readLayoutDocument,
  readLayoutRoot,
} from "../../oci/image-layout.js";
import { parseReference, type Reference } from "../../oci/reference.js";
import type { Stored } from "../../oci/resolved-image.js";
import { verified } from "../../oci/verified.js";
import type { RegistryClient } from "../../registry/registry-client.js";

/** A repository, without tag and digest. */
export type Repository = Pick<Reference, "registry" | "repository">;

/** An image or an index where it lies now. */
export interface Source {
  /** Undefined of an OCI layout. */
  readonly repository: Repository | undefined;
  /** Its descriptor may say more than the bytes do: a platform, annotations. */
  readonly root: Stored;
  /** The verified bytes of a manifest or a config beside it. */
  readonly read: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** The verified bytes of a blob beside it. */
  readonly open: (descriptor: Descriptor) => AsyncIterable<Uint8Array>;
}

/** What is needed to find sources. */
export interface Sources {
  readonly registry: RegistryClient;
  readonly signal: AbortSignal;
}

/** What a user calls a source: a name, a digest or descriptor in a repository, an OCI layout. */
export type SourceName =
  | { readonly kind: "digest"; readonly descriptor: PartialDescriptor }
  | { readonly kind: "layout"; readonly text: string }
  | { readonly kind: "reference"; readonly reference: Reference };

/** Reads a source as `imagetools create` takes it. */
export function parseSource(text: string): SourceName {
  if (text.startsWith("oci-layout://")) return { kind: "layout", text };
  if (text.trimStart().startsWith("{")) {
    return { kind: "digest", descriptor: parsePartialDescriptor(text) };
  }
  if (text.startsWith("sha256:")) {
    return { kind: "digest", descriptor: { digest: parseDigest(text) } };
  }
  return { kind: "reference", reference: parseReference(text) };
}

/** Finds a source; `repository` is where digests are looked for. */
export async function openSource(
  name: SourceName,
  repository: Repository | undefined,
  sources: Sources,
): Promise<Source> {
  switch (name.kind) {
    case "layout":
      return await layoutSource(name.text);
    case "reference":
      return await registrySource(name.reference, sources);
    case "digest": {
      const { digest } = name.descriptor;
      if (repository !== undefined)
        return described(await registrySource({ ...repository, digest }, sources), name.descriptor);
      throw new BuildError(
        "USAGE",
        `Cannot find ${digest}: the names are of several repositories`,
        {
          hint: "write it with its name: NAME@sha256:…",
        },
      );
    }
  }
}

/** An image or an index of a registry. */
export async function registrySource(
  reference: Reference,
  { registry, signal }: Sources,
): Promise<Source> {
  const { registry: host, repository } = reference;
  return {
    repository: { registry: host, repository },
    root: await registry.resolve(reference, signal),
    read: (descriptor) => registry.document(reference, descriptor, signal),
    open: (descriptor) => registry.blob(reference, descriptor, signal),
  };
}

async function layoutSource(text: string): Promise<Source> {
  const name = parseLayoutName(text);
  return {
    repository: undefined,
    root: await readLayoutRoot(name),
    read: (descriptor) => readLayoutDocument(name, descriptor),
    open: (descriptor) =>
      verified(fileBytes(join(name.path, blobPath(descriptor.digest))), descriptor),
  };
}

/** What the user says of a manifest counts, as far as that may be. */
function described(source: Source, { size, ...said }: PartialDescriptor): Source {
  const { descriptor } = source.root;
  if (size !== undefined && size !== descriptor.size) {
    const message = `Cannot use ${descriptor.digest}: it has ${descriptor.size} bytes, the descriptor says ${size}`;
    throw new BuildError("USAGE", message);
  }
  return { ...source, root: { ...source.root, descriptor: { ...descriptor, ...said } } };
}
