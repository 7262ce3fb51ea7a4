import { noFacts } from "../cache/rootfs-facts.js";
import { fileTreeRootfs } from "../context/file-tree-rootfs.js";
import { FileTreeSource } from "../context/file-tree-source.js";
import type { SourceTree } from "../context/source-tree.js";
import { BuildError } from "../error.js";
import { toBytePath, toText, type BytePath, type Entry, type EntryList } from "../oci/changeset.js";
import type { FileTree } from "../oci/file-tree.js";
import { literalPattern } from "../plan/paths.js";
import type { Origin } from "../plan/origin.js";
import type { RunStep } from "../plan/step.js";
import type { LayerChain, TreeDigest } from "../snapshotter/snapshotter.js";
import { treeDigest } from "../snapshotter/tree-digest.js";
import type { Engine } from "./engine.js";
import { keepLayer } from "./keep-layer.js";
import type { State } from "./state.js";
import type { Task } from "./step-task.js";

/** Files that a mount shows: what they are is known at once, they are there when somebody asks. */
export interface MountedFiles {
  /** Names their content. */
  readonly content: string;
  /** A state that holds them, and where in it they are. */
  readonly place: () => Promise<{ readonly chain: LayerChain; readonly path: string }>;
  /** They themselves, the first one at "". */
  readonly entries: () => Promise<EntryList>;
}

type MountTask = Pick<Task<RunStep>, "later" | "signal" | "sources">;

/** Finds what `source` is in a stage, an image or a context; undefined is nothing at all. */
export async function mountedFiles(
  { origin, source }: { readonly origin: Origin | undefined; readonly source: string },
  task: MountTask,
  engine: Engine,
): Promise<MountedFiles> {
  switch (origin?.kind) {
    case undefined:
      return nothing(source);
    case "context":
      return await ofContext(source, undefined, { task, engine });
    case "named":
      return await ofContext(source, origin.name, { task, engine });
    case "stage":
      return await stateFiles(source, await task.sources.stage(origin.stage), { task, engine });
    case "image":
      return await stateFiles(source, await task.sources.image(origin.image), { task, engine });
  }
}

interface Surroundings {
  readonly task: MountTask;
  readonly engine: Engine;
}

async function ofContext(
  source: string,
  name: string | undefined,
  { task, engine }: Surroundings,
): Promise<MountedFiles> {
  const state = await engine.contexts.state(name);
  if (state !== undefined) return await stateFiles(source, state, { task, engine });
  return await contextFiles(source, await engine.contexts.open(name), { task, engine });
}

function nothing(source: string): MountedFiles {
  if (source !== "/")
    throw new BuildError("SOURCE_NOT_FOUND", `Cannot mount "${source}": not found`);
  return {
    content: "nothing",
    place: () => Promise.resolve({ chain: [], path: "/" }),
    entries: () => Promise.resolve([]),
  };
}

/** A context is not mounted itself: a step must not see what .dockerignore hides. */
async function contextFiles(
  source: string,
  tree: SourceTree,
  { task, engine }: Surroundings,
): Promise<MountedFiles> {
  const entries = await select(source, tree);
  const content = await treeDigest(entries);
  const [top] = entries;
  const isDirectory = top?.type === "directory";
  return {
    content,
    entries: () => Promise.resolve(entries),
    place: async () => {
      const layer = isDirectory ? entries : Array.from(entries, alone);
      const tree = isDirectory ? content : await treeDigest(layer);
      const { id } = await keepLayer(layer, tree, {
        engine,
        signal: task.signal,
        title: `"${source}"`,
      });
      return { chain: [id], path: isDirectory ? "/" : `/${ALONE}` };
    },
  };
}

/** What a single file is called in the layer that is made for it. */
const ALONE = "file" as BytePath;

function alone(entry: Entry): Entry {
  return { ...entry, path: ALONE };
}

async function stateFiles(
  source: string,
  state: State,
  { task, engine }: Surroundings,
): Promise<MountedFiles> {
  const { signal } = task;
  const files = async (): Promise<FileTree> =>
    await engine.snapshots.files(await state.chain(signal));
  const entries = async (): Promise<EntryList> =>
    await select(source, new FileTreeSource(await files()));
  return {
    content: source === "/" ? state.key : await subtree({ source, state, entries }, task, engine),
    entries,
    place: async () => {
      const real = fileTreeRootfs(await files()).resolve(toBytePath(source.slice(1)));
      return { chain: await state.chain(signal), path: `/${toText(real)}` };
    },
  };
}

/** Read once for each state, then remembered: a state's files do not change. */
async function subtree(
  { source, state, entries }: Pick<MountedFiles, "entries"> & { source: string; state: State },
  { later, signal }: Pick<MountTask, "later" | "signal">,
  { facts, remoteCache }: Engine,
): Promise<TreeDigest> {
  const known = new Map(facts.get(state.key)?.trees).get(source);
  if (known !== undefined) return known;
  const told = new Map((await remoteCache?.facts(state.key, signal))?.trees).get(source);
  const tree = told ?? (await treeDigest(await entries()));
  later(facts.add(state.key, { ...noFacts, trees: [[source, tree]] }));
  return tree;
}

async function select(source: string, tree: SourceTree): Promise<EntryList> {
  try {
    const [found] = await tree.select(literalPattern(source));
    return found?.entries ?? [];
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "SOURCE_NOT_FOUND") throw error;
    const message = error.message.replace(/^Cannot copy "[^]*": /, `Cannot mount "${source}": `);
    throw new BuildError(error.code, message, { hint: error.hint, cause: error });
  }
}
