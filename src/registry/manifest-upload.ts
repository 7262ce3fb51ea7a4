import type { Reference } from "../oci/reference.js";
import type { Stored } from "../oci/resolved-image.js";
import { discard } from "./http/transport.js";
import { announceReferrer, subjectOf } from "./referrers.js";
import type { Repository } from "./repository.js";

/**
 * Stores a manifest or index under the reference's tag or its digest. One with a subject is found
 * among that one's referrers, too.
 */
export async function uploadManifest(
  repository: Repository,
  reference: Reference,
  stored: Stored,
  signal?: AbortSignal,
): Promise<void> {
  const { descriptor, bytes } = stored;
  const path = `manifests/${reference.tag ?? descriptor.digest}`;
  const headers = { "Content-Type": descriptor.mediaType };
  const call = { method: "PUT", path, headers, body: bytes, ok: [201, 200] } as const;
  const { response } = await repository.send(call, signal);
  discard(response);
  const subject = subjectOf(stored);
  // The header says that the registry keeps the list of referrers itself.
  if (subject === undefined || response.headers["oci-subject"] !== undefined) return;
  await announceReferrer(repository, subject, stored, signal);
}
