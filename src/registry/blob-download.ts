import type { Descriptor } from "../oci/descriptor.js";
import type { ApiResponse } from "./connection.js";
import { pause, type Retries } from "./http/retry.js";
import { chunksOf } from "./http/transport.js";
import type { Mirrors } from "./mirrors.js";
import { unreachable } from "./registry-error.js";
import type { Repository } from "./repository.js";

/** How to bring a blob here. */
export interface DownloadOptions {
  readonly retries: Retries;
  readonly mirrors: Mirrors;
  readonly signal?: AbortSignal | undefined;
}

/** After that many bytes a transfer that breaks has all its tries again. */
const progress = 1 << 20;

/**
 * The bytes of a blob, not yet verified. A transfer that breaks goes on where it stopped: from the
 * next mirror, in the end from the registry itself, there after each of the delays once.
 */
export async function* downloadBlob(
  origin: Repository,
  blob: Descriptor,
  { retries, mirrors, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const sources = [...mirrors.of(origin), origin].values();
  let source = sources.next().value ?? origin;
  let done = 0;
  for (let tries = 0, tried = 0; ;) {
    try {
      const answer = await openBlob(source, blob, done, signal);
      for await (const chunk of from(answer, done)) {
        done += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // Broken after the last byte: there is nothing left to ask for.
      if (done > 0 && done === blob.size) return;
      const failure = unreachable(source.action.registry, error);
      if (source !== origin) {
        mirrors.failed(source, failure);
        source = sources.next().value ?? origin;
        continue;
      }
      if (done - tried >= progress) tries = 0;
      tried = done;
      const delay = retries.delays[tries++];
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
