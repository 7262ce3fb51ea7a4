import type { StepLayer } from "../cache/remote-cache.js";
import { copyKey, keptSelectionKey } from "../cache/copy-key.js";
import { FileTreeSource } from "../context/file-tree-source.js";
import type { Query, Recalled, SelectedSource, SourceTree } from "../context/source-tree.js";
import type { EntryList } from "../oci/changeset.js";
import type { CopyStep } from "../plan/step.js";
import type { CopyOrigin } from "./copy-origin.js";
import { byShortCut } from "./copy-short-cut.js";
import { askDestination } from "./destination.js";
import type { Engine } from "./engine.js";
import { placeCopy } from "./place-copy.js";
import { recalledSelection } from "./recalled-selection.js";
import { recordedLayer } from "./recorded-layer.js";
import { scanContext, selectAll } from "./scan-context.js";
import type { State } from "./state.js";
import type { Task } from "./step-task.js";
import { writeLayer, type LayerTask } from "./write-layer.js";

/**
 * `COPY` and `ADD`: what the layer would hold is worked out first, and that is its key
 * (docs/adr/0002), so that neither the base nor how the files came to be matters.
 */
export async function copyStep(task: Task<CopyStep>, engine: Engine): Promise<StepLayer> {
  if (task.step.sources.some((source) => typeof source !== "string")) {
    const { addRemote } = await import("./remote-copy.js");
    return await addRemote(task, engine, {
      write: (selected, explain) => write(selected, { ...task, explain }, engine),
      copyFrom: (origin) => copyFrom(origin, task, engine),
    });
  }
  const origin = await originState(task, engine);
  return origin === undefined
    ? await copyFromContext(task, engine)
    : await copyFromState(origin, task, engine);
}

/** Reading a context is what tells whether it changed. */
async function copyFromContext(task: Task<CopyStep>, engine: Engine): Promise<StepLayer> {
  engine.board.start(task.vertex);
  const tree = await openContext(task.step, engine);
  const query = queryOf(task.step);
  const recalled = task.fresh === undefined ? await tree.looks?.recall(query) : undefined;
  const known = recalled?.isSame === true ? await layerOf(recalled, task, engine) : undefined;
  if (known !== undefined) return known;
  const told = recalled && recalledSelection(recalled, task.later);
  const { key, selected } = told ?? (await scanContext(tree, query, task.later));
  const origin: CopyOrigin = {
    key,
    state: undefined,
    ignore: tree.ignore,
    select: () => Promise.resolve(selected),
  };
  return await copyFrom(origin, task, engine);
}

/** That of a context that looks as it did, if that can be told without what is in it. */
async function layerOf(
  { before }: Recalled,
  task: Task<CopyStep>,
  engine: Engine,
): Promise<StepLayer | undefined> {
  const origin = keptSelectionKey(before.name);
  const short = copyKey(task.step, { origin, parent: task.parent.key });
  task.keyed(short);
  return await recordedLayer(short.key, task, engine);
}

function queryOf({ sources, exclude, parents }: CopyStep): Query {
  return { patterns: sources.filter((source) => typeof source === "string"), exclude, parents };
}

async function copyFromState(
  state: State,
  task: Task<CopyStep>,
  engine: Engine,
): Promise<StepLayer> {
  const origin: CopyOrigin = {
    key: state.key,
    state,
    ignore: undefined,
    select: async () => {
      const files = await engine.snapshots.files(await state.chain(task.signal));
      engine.board.start(task.vertex);
      return await selectAll(new FileTreeSource(files), queryOf(task.step));
    },
  };
  return await copyFrom(origin, task, engine);
}

function copyFrom(origin: CopyOrigin, task: Task<CopyStep>, engine: Engine): Promise<StepLayer> {
  return byShortCut(origin, task, engine, (selected, miss) =>
    write(selected, { ...task, explain: (tree) => miss.explain(tree), last: miss.last }, engine),
  );
}

/** The stage, image or context that is copied from; undefined for a directory of this machine. */
async function originState(
  { step, sources }: Task<CopyStep>,
  { contexts }: Engine,
): Promise<State | undefined> {
  switch (step.origin.kind) {
    case "context":
      return await contexts.state(undefined);
    case "named":
      return await contexts.state(step.origin.name);
    case "stage":
      return await sources.stage(step.origin.stage);
    case "image":
      return await sources.image(step.origin.image);
  }
}

function openContext({ origin }: CopyStep, { contexts }: Engine): Promise<SourceTree> {
  return contexts.open(origin.kind === "named" ? origin.name : undefined);
}

async function write(
  selected: readonly SelectedSource[],
  task: LayerTask<CopyStep>,
  engine: Engine,
): Promise<StepLayer> {
  return await writeLayer(await place(selected, task, engine), task, engine);
}

function place(
  selected: readonly SelectedSource[],
  task: Task<CopyStep>,
  engine: Engine,
): Promise<EntryList> {
  const { step } = task;
  return askDestination(task, engine, async ({ rootfs, ids }) => {
    const owner = step.chown === undefined ? undefined : await ids("owner", step.chown);
    return await placeCopy(step, selected, { rootfs, owner, work: engine.work });
  });
}
