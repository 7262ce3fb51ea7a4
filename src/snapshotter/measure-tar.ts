import type { Digest } from "../oci/digest.js";
import { runningSha256 } from "../sys/running-sha256.js";
import type { LayerMeasure } from "./snapshotter.js";

/** What is known of a tar once its bytes have passed. */
export type TarMeasure = Pick<LayerMeasure, "diffId" | "size">;

/**
 * DiffID and size of a tar that is handed on: a piece is taken and hashed while the next is made, and is valid
 * until both are done.
 */
export async function measureTar(
  tar: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<TarMeasure> {
  using sha256 = runningSha256();
  let size = 0;
  let taken: Promise<unknown> = Promise.resolve();
  try {
    for await (const chunk of tar) {
      signal?.throwIfAborted();
      await taken;
      taken = allOf(sha256.update(chunk), take(chunk));
      taken.catch(() => undefined); // waited for below: until then nobody would handle it
      size += chunk.byteLength;
    }
  } finally {
    await taken;
  }
  return { diffId: `sha256:${sha256.digest()}` as Digest, size };
}

/** Ends when both have, also where one fails: neither may still be at work on bytes that are then gone. */
async function allOf(one: Promise<void>, other: Promise<void>): Promise<void> {
  const results = await Promise.allSettled([one, other]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
