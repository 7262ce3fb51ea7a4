import type { Board } from "../../builder/board.js";
import type { BuildResult, BuiltImage } from "../../builder/build.js";
import type { FarCache } from "../../cache/far-cache.js";
import type { ImageConfig } from "../../oci/image.js";
import type { Platform } from "../../oci/platform.js";
import type { LayerRecord } from "../../store/layers.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { PlanOptions } from "../../plan/plan.js";
import { intoImage, type CacheTarget } from "../args/cache.js";
import type { CacheSpec } from "../args/cache-spec.js";
import type { Session } from "../session.js";
import { platformOptions } from "./plan.js";
import type { Preparing } from "./prepare.js";

/** The caches of other machines that a build reads and writes. */
export interface Caches extends AsyncDisposable {
  /** What --cache-from names. */
  readonly far: FarCache | undefined;
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

const none: Caches = {
  far: undefined,
  inline: undefined,
  export: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Opens what the flags name; nothing is asked of it yet, and nothing is loaded where they name none. */
export async function openCaches(preparing: Preparing): Promise<Caches> {
  const { command, session, board } = preparing;
  const [options, ...others] = platformOptions(command, session.io);
  const { cacheFrom } = command;
  const cacheTo = wantsInline(options) ? [...command.cacheTo, intoImage] : command.cacheTo;
  if (cacheFrom.length === 0 && cacheTo.length === 0) return none;
  const platforms = [options, ...others].map(
    ({ targetPlatform = session.platform }) => targetPlatform,
  );
  const { TravellingCaches } = await import("./travelling-caches.js");
  return new TravellingCaches({ cacheFrom, cacheTo, platforms, session, board });
}

function wantsInline({ buildArgs }: PlanOptions): boolean {
  return parseGoBoolean(buildArgs.get("BUILDKIT_INLINE_CACHE") ?? "") === true;
}
