import { createHash } from "node:crypto";
import { BuildError } from "../error.js";

declare const brand: unique symbol;
/** A string that only its minting function can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Content address of raw bytes: "sha256:" and 64 lowercase hex digits (image-spec, descriptor.md). */
export type Digest = Brand<string, "Digest">;

/** Reads a digest that came from outside; throws INVALID_REFERENCE when malformed, UNSUPPORTED for other algorithms. */
export function parseDigest(text: string): Digest {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text as Digest;
  if (/^sha(?:384:[0-9a-f]{96}|512:[0-9a-f]{128})$/.test(text)) {
    const algorithm = text.slice(0, text.indexOf(":"));
    throw new BuildError("UNSUPPORTED", `Cannot use digests of ${algorithm}: want sha256`);
  }
  throw new BuildError(
    "INVALID_REFERENCE",
    `Cannot parse digest "${text}": want sha256: and 64 lowercase hex digits`,
  );
}

/** The digest of these bytes; a string counts as its UTF-8 bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
}

/** The 64 hex digits. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}
