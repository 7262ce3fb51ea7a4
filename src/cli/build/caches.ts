import type { Board } from "../../builder/board.js";
import type { BuildResult, BuiltImage } from "../../builder/build.js";
import type { RemoteCache } from "../../cache/remote-cache.js";
import type { ImageConfig } from "../../oci/image.js";
import type { Platform } from "../../oci/platform.js";
import type { LayerRecord } from "../../store/layers.js";
import type { CacheTarget } from "../args/cache.js";
import type { CacheSpec } from "../args/cache-spec.js";
import type { Session } from "../session.js";

/** The caches of other machines that a build reads and writes. */
export interface Caches extends AsyncDisposable {
  /** What --cache-from names. */
  readonly remoteCache: RemoteCache | undefined;
  /** Puts the cache of `--cache-to type=inline` into a config whose layers are these. */
  readonly inline: ((result: BuildResult) => InlineCache) | undefined;
  /** Fills what --cache-to names. To be called when every output is made. */
  export(result: BuildResult): Promise<void>;
}

/** Changes the config of an image. */
export type InlineCache = (
  config: ImageConfig,
  layers: readonly LayerRecord[],
  built: BuiltImage,
) => ImageConfig;

/** What caches are opened with. */
export interface CachesOptions {
  readonly cacheFrom: readonly CacheSpec[];
  readonly cacheTo: readonly CacheTarget[];
  /** Of the images that are built. */
  readonly platforms: readonly Platform[];
  readonly session: Session;
  readonly board: Board;
}
