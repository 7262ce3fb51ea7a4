import type { StepLayer } from "../cache/remote-cache.js";
import { addKey } from "../cache/copy-key.js";
import { stepIdentities } from "../cache/step-identity.js";
import type { KeyWithComponents } from "../cache/key.js";
import { shownComponents } from "../cache/shown.js";
import { FileTreeSource } from "../context/file-tree-source.js";
import type { SelectedSource } from "../context/source-tree.js";
import type { RemoteSource } from "../plan/remote-source.js";
import type { CopyStep } from "../plan/step.js";
import type { RemoteContent } from "../context/remote/remotes.js";
import type { CopyOrigin } from "./copy-origin.js";
import { contentOf } from "./copy-short-cut.js";
import type { Engine } from "./engine.js";
import { recordStep } from "./record-step.js";
import { recordedLayer } from "./recorded-layer.js";
import { foreignState } from "./remote-state.js";
import type { Task } from "./step-task.js";
import { whyMissed } from "./why-missed.js";
import type { LayerTask } from "./write-layer.js";

/** How a copy goes on once it is known what to copy. */
interface Copying {
  /** Places what was selected over the state before the step, and gives the layer of that. */
  readonly write: (
    selected: readonly SelectedSource[],
    explain: LayerTask["explain"],
  ) => Promise<StepLayer>;
  /** As `write`, unless the same was selected before. */
  readonly copyFrom: (origin: CopyOrigin) => Promise<StepLayer>;
}

/**
 * An `ADD` with sources from elsewhere (SEMANTICS C22, C23): each is asked what it is now. Where all
 * of them are what they were over the same state, nothing of them is needed.
 */
export async function addRemote(
  task: Task<CopyStep>,
  engine: Engine,
  { write, copyFrom }: Copying,
): Promise<StepLayer> {
  const adding = { task, engine };
  const { sources } = task.step;
  const asked = await Promise.all(sources.map((source) => ask(source, adding)));
  const facts = shortCut(asked, task);
  if (facts !== undefined) task.keyed(facts);
  const known = facts && (await recordedLayer(facts.key, task, engine));
  if (known !== undefined) return known;
  if (facts === undefined) return await copyFrom(await selectedNow(asked, adding));
  return await addAndRecord(facts, await selectAll(asked, adding), { ...adding, write });
}

async function addAndRecord(
  { key, components }: KeyWithComponents,
  selected: readonly SelectedSource[],
  { task, engine, write }: Adding & Pick<Copying, "write">,
): Promise<StepLayer> {
  const { step, parent, vertex } = task;
  const facts = {
    key,
    components: shownComponents(step, components),
    identities: stepIdentities(step, { scope: engine.scope, ...task.place }),
  };
  const layer = await write(selected, () => whyMissed(task, facts, engine));
  task.made.set(key, layer);
  const took = engine.board.tookOf(vertex);
  const record = { ...facts, stepTitle: step.title, took, bases: [parent.bottom] };
  task.later(recordStep(layer, record, engine));
  return layer;
}

/** With patterns among the sources: what they select only a look at the files tells. */
async function selectedNow(asked: readonly Asked[], adding: Adding): Promise<CopyOrigin> {
  const { board, contexts } = adding.engine;
  board.start(adding.task.vertex);
  const selected = await selectAll(asked, adding);
  const { ignore } = await contexts.open(undefined);
  const key = await contentOf(selected);
  return { key, state: undefined, ignore, select: () => Promise.resolve(selected) };
}

async function selectAll(
  asked: readonly Asked[],
  adding: Adding,
): Promise<readonly SelectedSource[]> {
  const selected: SelectedSource[] = [];
  for (const one of asked) selected.push(...(await select(one, adding)));
  return selected;
}

interface Adding {
  readonly task: Task<CopyStep>;
  readonly engine: Engine;
}

/** A pattern, or a source with what it is now. */
type Asked = string | { readonly source: RemoteSource; readonly content: RemoteContent };

/** What has to be downloaded is shown by itself: the step can tell why only when it is here. */
async function ask(source: RemoteSource | string, { task, engine }: Adding): Promise<Asked> {
  if (typeof source === "string") return source;
  const { board, remotes } = engine;
  let vertex: number | undefined;
  const onBytes = (current: number, total: number | undefined): void => {
    const name = source.kind === "http" ? source.name : source.remote;
    vertex ??= board.declare(`[internal] download ${name}`);
    board.start(vertex);
    board.progress(vertex, name, current, total);
  };
  const content = await remotes.resolve(source, onBytes, task.signal);
  if (vertex !== undefined) board.end(vertex, { kind: "done" });
  return { source, content };
}

/** Undefined where a pattern selects, too. */
function shortCut(
  asked: readonly Asked[],
  { step, parent }: Task<CopyStep>,
): KeyWithComponents | undefined {
  const contents: RemoteContent[] = [];
  for (const one of asked) {
    if (typeof one === "string") return undefined;
    contents.push(one.content);
  }
  return addKey(step, { contents, parent: parent.key });
}

async function select(asked: Asked, adding: Adding): Promise<readonly SelectedSource[]> {
  const { task, engine } = adding;
  const { exclude } = task.step;
  if (typeof asked === "string") {
    return await (await engine.contexts.open(undefined)).select(asked, { exclude });
  }
  const { source, content } = asked;
  if (source.kind === "git") return [await checkedOut(content, adding)];
  return [{ ...(await content.open(task.signal)), unpack: source.unpack }];
}

/** The files of a commit, which stay here under its name. */
async function checkedOut(
  content: RemoteContent,
  { task: { step, signal }, engine }: Adding,
): Promise<SelectedSource> {
  const state = await foreignState({ ...content, unpack: false }, engine, signal);
  const files = await engine.snapshots.files(await state.chain(signal));
  const { exclude } = step;
  const [all] = await new FileTreeSource(files).select("/", { exclude });
  if (all === undefined) throw new Error("a state has a root");
  return dated(all);
}

/** The root of a state has no time of its own: the newest in it is that of the checkout. */
function dated(all: SelectedSource): SelectedSource {
  const [top, ...below] = all.entries;
  if (top?.type !== "directory") return all;
  const times = below.map((entry) => ("mtime" in entry ? entry.mtime : 0));
  const mtime = times.reduce((newest, time) => Math.max(newest, time), 0);
  return { ...all, entries: [{ ...top, mtime }, ...below] };
}
