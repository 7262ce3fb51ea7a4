import type { Descriptor } from "../oci/descriptor.js";
import type { ApiResponse } from "./connection.js";
import { unreachable } from "./registry-error.js";
import type { Repository } from "./repository.js";
import { pause, type Retries } from "./http/retry.js";
import { chunksOf } from "./http/transport.js";

/**
 * The bytes of a blob, not yet verified. A transfer that breaks goes on where it stopped, after
 * each of the `delays` once.
 */
export async function* downloadBlob(
  repository: Repository,
  blob: Descriptor,
  { retries, signal }: { readonly retries: Retries; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for (let tries = 0; ; tries++) {
    try {
      const answer = await openBlob(repository, blob, done, signal);
      for await (const chunk of from(answer, done)) {
        done += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // Broken after the last byte: there is nothing left to ask for.
      if (done > 0 && done === blob.size) return;
      const delay = retries.delays[tries];
      const failure = unreachable(repository.action.registry, error);
      if (delay === undefined) throw failure;
      await pause(failure, { delay, clock: retries.clock }, signal);
    }
  }
}

function openBlob(
  repository: Repository,
  { digest }: Descriptor,
  offset: number,
  signal?: AbortSignal,
): Promise<ApiResponse> {
  const headers = offset === 0 ? {} : { Range: `bytes=${offset}-` };
  const path = `blobs/${digest}`;
  return repository.send({ method: "GET", path, headers, ok: [200, 206] }, signal);
}

/** A registry that knows no ranges (200 instead of 206) sends what we already have once more. */
async function* from(answer: ApiResponse, offset: number): AsyncGenerator<Uint8Array> {
  let skip = answer.status === 206 ? 0 : offset;
  for await (const chunk of chunksOf(answer.response)) {
    const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
    skip -= chunk.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}
