import { createHash } from "node:crypto";
import { BuildError } from "../error.js";
import type { Descriptor } from "./descriptor.js";

/** What a descriptor promises about bytes. */
export type Promised = Pick<Descriptor, "digest" | "size">;

/**
 * Passes bytes on, and throws DIGEST_MISMATCH unless they are exactly what `want` names. The verdict
 * comes after the last byte: whoever keeps the bytes publishes them only when this ends well.
 */
export async function* verified(
  bytes: AsyncIterable<Uint8Array>,
  want: Promised,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > want.size) throw refuse(want, `more than the promised ${want.size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (size < want.size) throw refuse(want, `only ${size} of ${want.size} bytes`);
  const got = `sha256:${hash.digest("hex")}`;
  if (got !== want.digest) throw refuse(want, got);
}

/** The verified bytes at once; for manifests and configs, which are small. */
export async function verifiedBytes(
  bytes: AsyncIterable<Uint8Array>,
  want: Promised,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(bytes, want)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function refuse({ digest }: Promised, got: string): BuildError {
  return new BuildError("DIGEST_MISMATCH", `Cannot accept blob ${digest}: got ${got}`);
}
