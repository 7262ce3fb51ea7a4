import type { Digest } from "../oci/digest.js";
import { runningSha256, type RunningSha256, type Sha256State } from "../sys/running-sha256.js";
import type { LayerMeasure } from "./snapshotter.js";

/** What is known of a tar once its bytes have passed. */
export type TarMeasure = Pick<LayerMeasure, "diffId" | "size">;

/** What becomes of a tar while it is measured. */
export interface TarSink {
  /** Takes the next bytes, which are valid until it is done with them. */
  bytes?(chunk: Uint8Array): Promise<void>;
  /** Is told now and then where the hash is. */
  state?(state: Sha256State): void;
}

/** What was hashed before. */
export interface MeasuredStart {
  readonly sha256: RunningSha256;
  /** In bytes. */
  readonly size: number;
}

/** Bytes between two states that are told, or more. */
const STEP = 1 << 20;

/**
 * DiffID and size of a tar that is handed on: a piece is taken and hashed while the next is made, and is valid
 * until both are done. With `start`, the bytes are those that come behind it.
 */
export async function measureTar(
  tar: AsyncIterable<Uint8Array>,
  sink: TarSink,
  signal?: AbortSignal,
  start: MeasuredStart = { sha256: runningSha256(), size: 0 },
): Promise<TarMeasure> {
  const { sha256 } = start;
  let { size } = start;
  let told = size;
  let taken: Promise<unknown> = Promise.resolve();
  try {
    for await (const chunk of tar) {
      signal?.throwIfAborted();
      await taken;
      if (size - told >= STEP) told = tell(sha256, sink) ?? told;
      taken = allOf(sha256.update(chunk), sink.bytes?.(chunk));
      taken.catch(() => undefined); // waited for below: until then nobody would handle it
      size += chunk.byteLength;
    }
  } finally {
    await taken;
  }
  return { diffId: `sha256:${sha256.digest()}` as Digest, size };
}

/** Answers up to where it told. */
function tell(sha256: RunningSha256, sink: TarSink): number | undefined {
  const state = sink.state && sha256.state();
  if (state !== undefined) sink.state?.(state);
  return state?.size;
}

/** Ends when both have, also where one fails: neither may still be at work on bytes that are then gone. */
async function allOf(one: Promise<void>, other: Promise<void> | undefined): Promise<void> {
  const results = await Promise.allSettled([one, other]);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
