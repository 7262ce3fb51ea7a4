import { BuildError } from "../../error.js";
import type { ImageConfig } from "../../oci/image.js";

/** Media type of the config of its caches, in a manifest or in an index (K25). */
const CONFIG_TYPE = "application/vnd.buildkit.cacheconfig.v0";
/** Where the config of an image has its inline cache (K20). */
const INLINE_KEY = "moby.buildkit.cache.v0";

/**
 * Says of the manifest or index of a cache that BuildKit wrote what it is. Its keys are digests of BuildKit's own
 * operations, which nothing here computes (docs/adr/0006-a-cache-that-travels.md).
 */
export function refuseBuildKit(manifest: Uint8Array): void {
  if (Buffer.from(manifest).includes(CONFIG_TYPE)) throw refusal("it is a cache of BuildKit");
}

/** The same of an image with an inline cache. */
export function refuseBuildKitImage(config: ImageConfig): void {
  if (Object.hasOwn(config, INLINE_KEY)) throw refusal("its inline cache is of BuildKit");
}

function refusal(what: string): BuildError {
  return new BuildError("UNSUPPORTED", `${what}, whose steps have other keys`);
}
