import type { Digest } from "../oci/digest.js";
import type { HistoryEntry, ImageConfig } from "../oci/image.js";
import type { PlannedStage } from "../plan/plan.js";

/** What the image of a stage needs to know of a layer that one of its steps made. */
export interface MadeLayer {
  readonly diffId: Digest;
  /** Milliseconds since the epoch: when the layer was first made, so that a hit keeps its time. */
  readonly createdAt: number;
}

/** The layers and the history that a stage starts with. */
export interface Ancestry {
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
}

export const noAncestry: Ancestry = { diffIds: [], history: [] };

/**
 * The layers and history of a base image. An image may list fewer non-empty entries than it has
 * layers, or more: entries are added or marked empty so that the counts agree (image-spec,
 * config.md, "history"), and what a child adds lines up.
 */
export function ancestryOf({ rootfs, history = [] }: ImageConfig): Ancestry {
  const diffIds = rootfs.diff_ids;
  let layers = 0;
  const fitted = history.map((entry) => {
    if (entry.empty_layer === true) return entry;
    return ++layers > diffIds.length ? { ...entry, empty_layer: true } : entry;
  });
  for (; layers < diffIds.length; layers++) fitted.push({ comment: "tsbuild.base.layer.v0" });
  return { diffIds, history: fitted };
}

/** The final configuration of a stage: the planned one with layers, history and times. */
export function finishConfig(
  stage: PlannedStage,
  base: Ancestry,
  made: readonly MadeLayer[],
): ImageConfig {
  const history = [...base.history, ...ownHistory(stage, base, made)];
  const created = history.at(-1)?.created;
  const { created: _base, ...config } = stage.config;
  return {
    ...config,
    ...(created === undefined ? {} : { created }),
    rootfs: { type: "layers", diff_ids: [...base.diffIds, ...made.map((layer) => layer.diffId)] },
    history,
  };
}

/**
 * A layer's entry has the time of the layer; an entry without one that of the next layer, or else
 * of the entry before it. So a rebuild that finds every layer gives the same bytes.
 */
function ownHistory(
  { history }: PlannedStage,
  base: Ancestry,
  made: readonly MadeLayer[],
): readonly HistoryEntry[] {
  const times = history.map(({ step }) => timeOf(step === undefined ? undefined : made[step]));
  let following: string | undefined;
  for (let i = times.length - 1; i >= 0; i--) times[i] = following = times[i] ?? following;
  let previous = base.history.at(-1)?.created;
  return history.map(({ entry, step }, i) => {
    previous = times[i] ?? previous;
    return {
      ...(previous === undefined ? {} : { created: previous }),
      ...entry,
      ...(step === undefined ? { empty_layer: true } : {}),
    };
  });
}

function timeOf(layer: MadeLayer | undefined): string | undefined {
  return layer === undefined ? undefined : new Date(layer.createdAt).toISOString();
}
