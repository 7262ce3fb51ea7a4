import { BuildError } from "../../error.js";
import { annotationKeys, mediaTypes, type Descriptor } from "../../oci/descriptor.js";
import { parseDigest, type Digest } from "../../oci/digest.js";
import { parseDocument } from "../../oci/image-json.js";
import { isObject, parseJson } from "../../oci/json-shape.js";
import {
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
} from "../../oci/platform.js";
import { isAttestation } from "../../oci/select-platform.js";
import type { BuildHistory, BuildRecord } from "../../progress/history/build-history.js";
import { predicates } from "../imagetools/statements.js";
import type { About, BuildsSession } from "./about-builds.js";

type Store = Pick<BuildsSession["store"], "blobs">;

/** A document that a build made, while the store has it. */
export interface Attachment {
  readonly digest: Digest;
  /** Of the image that it is or is about; empty where there are several. */
  readonly platform: string;
  /** Its media type, or what kind of statement it is. */
  readonly type: string;
}

/** `tsbuild history inspect attachment` (V02). */
export async function showAttachment(
  { build: reference, digest, type, platform }: About<"build-attachment">,
  history: BuildHistory,
  { io, store }: BuildsSession,
): Promise<number> {
  const build = history.find(reference);
  const all = await attachmentsOf(build, store);
  const wanted = platform === undefined ? undefined : spelled(platform);
  const found = all.find((one) => {
    if (digest !== undefined && one.digest !== digest) return false;
    if (wanted !== undefined && one.platform !== wanted) return false;
    return type === undefined || isOfType(one, type);
  });
  if (found === undefined) throw noSuchAttachment(build, all);
  const value = parseJson(await store.blobs.readWhole(found.digest), found.digest);
  const shown = isObject(value) && "predicateType" in value ? value["predicate"] : value;
  io.out.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  return 0;
}

/** In the one spelling that attachments have. */
function spelled(platform: string): string {
  const host = hostPlatform(process.arch);
  return formatPlatform(platform === "local" ? host : parsePlatform(platform, host));
}

function isOfType({ type }: Attachment, wanted: string): boolean {
  if (wanted === "provenance") return predicates.provenance.test(type);
  return wanted === "sbom" ? predicates.sbom.test(type) : type === wanted;
}

function noSuchAttachment({ id }: BuildRecord, all: readonly Attachment[]): BuildError {
  const types = [...new Set(all.map(({ type }) => type))];
  const hint = types.length === 0 ? "its image is not in the store" : `it has ${types.join(", ")}`;
  return new BuildError("USAGE", `Cannot find the attachment: build "${id}" has none like that`, {
    hint,
  });
}

/** What a build made, as far as it is in the store: an index with all below it, or an image. */
export async function attachmentsOf(
  { end }: BuildRecord,
  { blobs }: Store,
): Promise<readonly Attachment[]> {
  const { manifest, config } = end?.result ?? {};
  const found: Attachment[] = [];
  if (manifest !== undefined) found.push(...(await documentsOf(parseDigest(manifest), blobs)));
  if (config !== undefined && (await blobs.has(parseDigest(config)))) {
    found.push({ digest: parseDigest(config), platform: "", type: mediaTypes.config });
  }
  return found;
}

async function documentsOf(digest: Digest, blobs: Store["blobs"]): Promise<readonly Attachment[]> {
  if (!(await blobs.has(digest))) return [];
  const document = parseDocument(await blobs.readWhole(digest), undefined);
  if (document.kind === "manifest") {
    return [{ digest, platform: "", type: document.manifest.mediaType }];
  }
  const { manifests, mediaType } = document.index;
  const found: Attachment[] = [{ digest, platform: "", type: mediaType }];
  for (const child of manifests) {
    if (!(await blobs.has(child.digest))) continue;
    if (isAttestation(child)) found.push(...(await statementsOf(child, manifests, blobs)));
    else found.push({ digest: child.digest, platform: platformOf(child), type: child.mediaType });
  }
  return found;
}

async function statementsOf(
  attestation: Descriptor,
  manifests: readonly Descriptor[],
  blobs: Store["blobs"],
): Promise<readonly Attachment[]> {
  const subject = attestation.annotations?.[annotationKeys.attestedDigest];
  const about = manifests.find((one) => one.digest === subject);
  const document = parseDocument(await blobs.readWhole(attestation.digest), attestation.mediaType);
  if (document.kind !== "manifest") return [];
  return document.manifest.layers.map(({ digest, mediaType, annotations }) => ({
    digest,
    platform: about === undefined ? "" : platformOf(about),
    type: annotations?.[annotationKeys.predicateType] ?? mediaType,
  }));
}

function platformOf({ platform }: Descriptor): string {
  return platform === undefined ? "" : formatPlatform(normalizePlatform(platform));
}
