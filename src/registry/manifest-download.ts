import { BuildError } from "../error.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { digestOf, parseDigest, type Digest } from "../oci/digest.js";
import { parseDocument, type Document } from "../oci/image-json.js";
import type { Reference } from "../oci/reference.js";
import type { Stored } from "../oci/resolved-image.js";
import type { ApiResponse } from "./connection.js";
import type { Repository } from "./repository.js";
import { discard, readBody } from "./http/transport.js";

const headers = {
  Accept: [
    mediaTypes.index,
    mediaTypes.manifest,
    dockerMediaTypes.index,
    dockerMediaTypes.manifest,
  ].join(", "),
};

/** Registries refuse manifests above 4 MiB (distribution-spec, "Pushing Manifests"). */
const maxManifestSize = 4 * 1024 * 1024;

/** The verified manifest or index that a name points at. */
export async function downloadManifest(
  repository: Repository,
  reference: Reference,
  signal?: AbortSignal,
): Promise<Stored> {
  const path = manifestPath(reference);
  const answer = await repository.send({ method: "GET", path, headers, ok: [200] }, signal);
  const bytes = await readManifest(repository, answer, signal);
  const digest = digestOf(bytes);
  checkDigest(repository, digest, reference.digest ?? promisedDigest(answer));
  const mediaType = typeIn(parseDocument(bytes, typeOf(answer)));
  return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
}

async function readManifest(
  repository: Repository,
  { response }: ApiResponse,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await repository.reading(() => readBody(response, maxManifestSize), signal);
  if (bytes !== undefined) return bytes;
  throw new BuildError(
    "INVALID_IMAGE",
    `Cannot pull "${repository.action.name}": its manifest is longer than ${maxManifestSize} bytes`,
  );
}

/**
 * What a name points at, without its bytes: Docker Hub does not count this as a pull. Undefined
 * when the registry leaves out what a descriptor needs, or answers no such question.
 */
export async function headManifest(
  repository: Repository,
  reference: Reference,
  signal?: AbortSignal,
): Promise<Descriptor | undefined> {
  const path = manifestPath(reference);
  const answer = await repository.send({ method: "HEAD", path, headers, ok: [200, 405] }, signal);
  discard(answer.response);
  if (answer.status === 405) return undefined;
  const digest = promisedDigest(answer);
  const length = answer.response.headers["content-length"];
  if (digest === undefined || length === undefined) return undefined;
  checkDigest(repository, digest, reference.digest);
  return { mediaType: typeOf(answer), digest, size: Number(length) };
}

function manifestPath({ tag, digest }: Reference): string {
  return `manifests/${digest ?? tag ?? "latest"}`;
}

function typeIn(document: Document): string {
  return document.kind === "index" ? document.index.mediaType : document.manifest.mediaType;
}

function typeOf({ response }: ApiResponse): string {
  const [type = ""] = (response.headers["content-type"] ?? "").split(";");
  return type.trim();
}

/** Undefined also where it is of another algorithm: nobody asked for that. */
function promisedDigest({ response }: ApiResponse): Digest | undefined {
  const header = String(response.headers["docker-content-digest"]);
  return header.startsWith("sha256:") ? parseDigest(header) : undefined;
}

function checkDigest({ action }: Repository, got: Digest, want: Digest | undefined): void {
  if (want === undefined || got === want) return;
  const message = `Cannot pull "${action.name}": the registry promised ${want} and sent ${got}`;
  throw new BuildError("DIGEST_MISMATCH", message);
}
