import { keyOfRemote } from "../cache/copy-key.js";
import { emptyRootfs } from "../context/rootfs.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { LayerRecord } from "../store/layers.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { Engine } from "./engine.js";
import { keepLayer } from "./keep-layer.js";
import { placeTree } from "./place-copy.js";
import { findRecorded, recordStep } from "./record-step.js";
import { emptyState, type State } from "./state.js";

/** Files from elsewhere that are to become a filesystem state. */
export interface Foreign {
  /** For people. */
  readonly title: string;
  readonly identity: readonly string[];
  /** A single file that is an archive: what it holds counts, not the file. */
  readonly unpack: boolean;
  open(signal: AbortSignal): Promise<SelectedSource>;
}

/** The parts of an engine that this needs. */
export type ForeignEngine = Pick<
  Engine,
  "cache" | "layers" | "lock" | "now" | "snapshots" | "work"
>;

/**
 * A state of one layer with these files, owners and all. It is remembered by their identity, so that
 * they are fetched and unpacked once.
 */
export async function foreignState(
  foreign: Foreign,
  engine: ForeignEngine,
  signal: AbortSignal,
): Promise<State> {
  const { identity, unpack } = foreign;
  const key = keyOfRemote(identity, unpack);
  const known = await findRecorded(key, engine);
  if (known !== undefined) return emptyState.with(known.layer, foreign.title);
  await using _lock = await engine.lock(`remote ${key}`, signal);
  const layer = (await findRecorded(key, engine))?.layer ?? (await keep(foreign, engine, signal));
  const facts = { key, components: [], identities: [], stepTitle: foreign.title };
  await recordStep(layer, facts, engine);
  return emptyState.with(layer, foreign.title);
}

async function keep(
  foreign: Foreign,
  engine: ForeignEngine,
  signal: AbortSignal,
): Promise<LayerRecord> {
  const { title, unpack } = foreign;
  const target = { rootfs: emptyRootfs, owner: undefined, work: engine.work };
  const changes = await placeTree(await foreign.open(signal), { ...target, unpack });
  return await keepLayer(changes, await treeDigest(changes), { engine, signal, title });
}
