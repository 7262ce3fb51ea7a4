import { mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { hexOf, parseDigest, type Digest } from "../oci/digest.js";
import { parseDocument, serializeDocument } from "../oci/image-json.js";
import { isObject, parseJson } from "../oci/json-shape.js";
import type { Stored } from "../oci/resolved-image.js";
import { BuildError } from "../error.js";
import { discard } from "./http/transport.js";
import { Pages } from "./pages.js";
import type { Repository } from "./repository.js";

const headers = { Accept: mediaTypes.index };

/**
 * The manifests that say of themselves that they are about another one: signatures, attestations
 * (distribution-spec, "Listing Referrers"). Older registries have them in an index under a tag.
 */
export async function listReferrers(
  repository: Repository,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  const pages = newPages(repository);
  let path: string | URL | undefined = `referrers/${subject}`;
  while (path !== undefined) {
    // Who does not know the question answers it in several ways.
    const ok = [200, 400, 404, 405];
    const answer = await repository.send({ method: "GET", path, headers, ok }, signal);
    if (answer.status !== 200) {
      discard(answer.response);
      return await taggedReferrers(repository, subject, signal);
    }
    const page = manifestsIn(await pages.read(answer, signal), repository);
    for (const manifest of page) found.push(manifest);
    path = page.length === 0 ? undefined : pages.next(answer);
  }
  return found;
}

/** Adds a manifest to the index under the tag of its subject. */
export async function announceReferrer(
  repository: Repository,
  subject: Digest,
  stored: Stored,
  signal?: AbortSignal,
): Promise<void> {
  const others = await taggedReferrers(repository, subject, signal);
  if (others.some(({ digest }) => digest === stored.descriptor.digest)) return;
  const manifests = [...others, describe(stored)];
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests } as const;
  const body = serializeDocument(index);
  const call = { method: "PUT", path: tagPath(subject), body, ok: [201, 200] } as const;
  const type = { "Content-Type": mediaTypes.index };
  discard((await repository.send({ ...call, headers: type }, signal)).response);
}

async function taggedReferrers(
  repository: Repository,
  subject: Digest,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const call = { method: "GET", path: tagPath(subject), headers, ok: [200, 404] } as const;
  const answer = await repository.send(call, signal);
  if (answer.status === 200) {
    return manifestsIn(await newPages(repository).read(answer, signal), repository);
  }
  discard(answer.response);
  return [];
}

/** "sha256-<hex>" (distribution-spec, "Referrers Tag Schema"). */
function tagPath(subject: Digest): string {
  return `manifests/sha256-${hexOf(subject)}`;
}

function newPages(repository: Repository): Pages {
  return new Pages(repository, "referrers");
}

function manifestsIn(body: Uint8Array, { action }: Repository): readonly Descriptor[] {
  const document = parseDocument(body, mediaTypes.index);
  if (document.kind === "index") return document.index.manifests;
  throw new BuildError(
    "REGISTRY",
    `Cannot ${action.verb} "${action.name}": its list of referrers is not an index`,
  );
}

/** What a manifest or index is about, when it says so. */
export function subjectOf({ bytes }: Stored): Digest | undefined {
  const { subject } = members(bytes);
  if (!isObject(subject)) return undefined;
  return parseDigest(String(subject["digest"]));
}

/** As the list of referrers has it: with the kind of thing that it is, and its annotations. */
function describe({ descriptor: { mediaType, digest, size }, bytes }: Stored): Descriptor {
  const { artifactType, config, annotations } = members(bytes);
  const type = artifactType ?? (isObject(config) ? config["mediaType"] : undefined);
  return {
    mediaType,
    digest,
    size,
    ...(typeof type === "string" ? { artifactType: type } : {}),
    ...(isTexts(annotations) ? { annotations } : {}),
  };
}

function members(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = parseJson(bytes, "image manifest");
  return isObject(value) ? value : {};
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}
