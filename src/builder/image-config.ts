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

/** That of a stage that is FROM scratch. */
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
 * A layer's entry has the time of the layer, or of the one before it when that is newer: layers of the
 * same content are shared, and some are older than what they lie upon. An entry without a layer
 * has the time of the next one, or else of the entry before it. So a rebuild that finds every layer
 * gives the same bytes.
 */
function ownHistory(
  { history }: PlannedStage,
  base: Ancestry,
  made: readonly MadeLayer[],
): readonly HistoryEntry[] {
  const next = layerTimes(history, base, made);
  for (let i = next.length - 2; i >= 0; i--) next[i] ??= next[i + 1];
  let created = base.history.at(-1)?.created;
  return history.map(({ entry, step }, i) => {
    const time = next[i];
    if (time !== undefined) created = new Date(time).toISOString();
    return {
      ...(created === undefined ? {} : { created }),
      ...entry,
      ...(step === undefined ? { empty_layer: true } : {}),
    };
  });
}

/** The time of each entry that has a layer, never going back. */
function layerTimes(
  history: PlannedStage["history"],
  base: Ancestry,
  made: readonly MadeLayer[],
): (number | undefined)[] {
  let latest = Date.parse(base.history.at(-1)?.created ?? "") || 0;
  return history.map(({ step }) => {
    const layer = step === undefined ? undefined : made[step];
    if (layer === undefined) return undefined;
    latest = Math.max(latest, layer.createdAt);
    return latest;
  });
}
