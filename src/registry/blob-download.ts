import { isForeignLayer, type Descriptor } from "../oci/descriptor.js";
import type { ApiResponse } from "./connection.js";
import { bytesBehind, rangeBehind, Resumption } from "./http/resumption.js";
import type { Retries } from "./http/retry.js";
import { webUrl } from "./http/web-url.js";
import type { Mirrors } from "./mirrors.js";
import { unreachable } from "./registry-error.js";
import type { Repository } from "./repository.js";

/** How to bring a blob here. */
export interface DownloadOptions {
  readonly retries: Retries;
  readonly mirrors: Mirrors;
  readonly signal?: AbortSignal | undefined;
}

/** Where a blob may be. */
interface Place {
  readonly repository: Repository;
  /** In the repository, or a URL elsewhere, which is asked without a login. */
  readonly path: string | URL;
}

/**
 * The bytes of a blob, not yet verified. A transfer that breaks goes on where it stopped: from the
 * next mirror, in the end from the registry itself, there after each of the delays once. A foreign layer says itself where it may be, too.
 */
export async function* downloadBlob(
  origin: Repository,
  blob: Descriptor,
  { retries, mirrors, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const path = `blobs/${blob.digest}`;
  const home: Place = { repository: origin, path };
  const mirrored = mirrors.of(origin, blob.digest).map((repository) => ({ repository, path }));
  const places = [...elsewhere(origin, blob), ...mirrored, home].values();
  let place = places.next().value ?? home;
  const resumption = new Resumption(retries);
  for (let done = 0; ;) {
    try {
      const answer = await openBlob(place, done, signal);
      if (place.repository !== origin) mirrors.gave(place.repository, blob.digest);
      for await (const chunk of bytesBehind(done, answer.response)) {
        done += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // Broken after the last byte: there is nothing left to ask for.
      if (done > 0 && done === blob.size) return;
      const failure = unreachable(hostOf(place), error);
      if (place !== home) {
        if (place.repository !== origin) mirrors.failed(place.repository, failure);
        place = places.next().value ?? home;
        continue;
      }
      await resumption.wait(failure, done, signal);
    }
  }
}

/** Layers that registries do not keep say themselves where they are (N14). */
function elsewhere(repository: Repository, blob: Descriptor): readonly Place[] {
  if (!isForeignLayer(blob)) return [];
  const urls = (blob.urls ?? []).map((text) => webUrl(text));
  return urls.flatMap((path) => (path === undefined ? [] : [{ repository, path }]));
}

function hostOf({ repository, path }: Place): string {
  return path instanceof URL ? path.host : repository.action.registry;
}

function openBlob(
  { repository, path }: Place,
  offset: number,
  signal?: AbortSignal,
): Promise<ApiResponse> {
  const headers = rangeBehind(offset);
  return repository.send({ method: "GET", path, headers, ok: [200, 206] }, signal);
}
