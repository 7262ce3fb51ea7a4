import type { Board } from "../../builder/board.js";
import type { BuildResult } from "../../builder/build.js";
import { BuildError } from "../../error.js";
import { StepRecords } from "../../cache/records.js";
import { StoredFacts } from "../../cache/rootfs-facts.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { Platform } from "../../oci/platform.js";
import { ResourceStack } from "../../store/resource-stack.js";
import { stepsOf } from "../../cache/remote/describe-step.js";
import { exportCache, type CacheExport } from "../../cache/remote/export-cache.js";
import { RemoteSteps } from "../../cache/remote/remote-steps.js";
import { withInlineCache } from "../../cache/remote/inline.js";
import type { CachePlace } from "../../cache/remote/place.js";
import { messageOf } from "../../sys/system-failure.js";
import type { CacheTarget } from "../args/cache.js";
import type { CacheSpec } from "../args/cache-spec.js";
import { layerProgress } from "../commands/layer-progress.js";
import type { Session } from "../session.js";
import type { Caches, CachesOptions } from "./caches.js";
import { openPlace } from "./open-place.js";

/** A target that is a place of its own. */
interface PlaceTarget extends CacheTarget {
  readonly place: CacheSpec;
}

/** Whose cache mounts are wanted, and where that is shown. */
interface MountsOf {
  readonly target: PlaceTarget;
  readonly result: BuildResult;
  readonly vertex: number;
}

function isPlace(target: CacheTarget): target is PlaceTarget {
  return target.place.type !== "inline";
}

/** The caches of --cache-from and --cache-to; each place is opened once. */
export class RemoteCaches implements Caches {
  readonly remoteCache: RemoteSteps | undefined;
  readonly inline: Caches["inline"];
  readonly #targets: readonly PlaceTarget[];
  readonly #session: Session;
  readonly #board: Board;
  readonly #platforms: readonly Platform[];
  readonly #resources = new ResourceStack();

  constructor({ cacheFrom, cacheTo, platforms, session, board }: CachesOptions) {
    this.#platforms = platforms;
    this.#session = session;
    this.#board = board;
    this.#targets = cacheTo.filter(isPlace);
    if (!cacheTo.every(isPlace)) {
      const told = this.#told();
      this.inline = (result) => (config, layers, built) =>
        withInlineCache(config, layers, { built, result, ...told });
    }
    if (cacheFrom.length === 0) return;
    const places = cacheFrom.flatMap((spec) => this.#openIfPossible(spec) ?? []);
    this.remoteCache = new RemoteSteps(places, { store: session.store, board });
  }

  async export(result: BuildResult): Promise<void> {
    for (const target of this.#targets) await this.#exportTo(target, result);
  }

  async #exportTo(target: PlaceTarget, result: BuildResult): Promise<void> {
    const { signal } = this.#session.io;
    const place = target.ignoreError
      ? this.#openIfPossible(target.place)
      : this.#open(target.place);
    if (place === undefined) return;
    const vertex = this.#board.declare(`exporting cache to ${place.title}`);
    const progress = layerProgress(this.#board, vertex);
    const work = async (): Promise<void> => {
      try {
        await exportCache(place, this.#exportOf(target, result), { signal, progress });
        await this.#exportMounts(place, { target, result, vertex });
      } catch (error) {
        signal.throwIfAborted();
        if (!target.ignoreError) throw error;
        const message = `Cannot export the cache to ${place.title}: ${messageOf(error)}`;
        this.#board.warn(undefined, message);
      }
    };
    await this.#board.during(vertex, work, signal);
  }

  readonly #isLost = (blob: Descriptor): boolean => this.remoteCache?.isLost(blob) === true;

  async #exportMounts(
    place: CachePlace,
    { target: { mounts: wanted, compression }, result: { steps }, vertex }: MountsOf,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const { exportMounts } = await import("../../cache/remote/export-mounts.js");
    const [board, { store, io }] = [this.#board, this.#session];
    const exported = { wanted, steps, store, compression, isLost: this.#isLost, board, vertex };
    await exportMounts(place, exported, io.signal);
  }

  #exportOf({ mode, compression }: PlaceTarget, result: BuildResult): CacheExport {
    const { store } = this.#session;
    return {
      steps: mode === "max" ? result.steps : stepsOf(result, result.images),
      states: result.states,
      layerBytes: store.layerBytes,
      compression,
      isLost: this.#isLost,
      now: store.now,
      ...this.#told(),
    };
  }

  #told(): Pick<CacheExport, "cache" | "facts"> {
    const { store } = this.#session;
    return { cache: new StepRecords(store), facts: new StoredFacts(store) };
  }

  /** Outside of CI, the variables that a place needs may be missing. */
  #openIfPossible(spec: CacheSpec): CachePlace | undefined {
    try {
      return this.#open(spec);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      this.#board.warn(undefined, error.message);
      return undefined;
    }
  }

  #open(spec: CacheSpec): CachePlace {
    return this.#resources.use(openPlace(spec, this.#session, this.#platforms));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }
}
