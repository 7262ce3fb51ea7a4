import type { CopyStep, WorkdirStep } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import {
  component,
  hashKey,
  type CacheKey,
  type KeyComponent,
  type KeyWithComponents,
  type SelectionKey,
  type StateKey,
} from "./key.js";

/**
 * A short cut for a COPY: the same selection from the same state or of the same content, over the same
 * state, gave that layer. What decides is the content of the result (docs/adr/0002); this only saves
 * working it out again.
 */
export function copyKey(
  step: CopyStep,
  { origin, parent }: { readonly origin: SelectionKey | StateKey; readonly parent: StateKey },
): KeyWithComponents {
  const components = [
    component("sources", step.sources.map(spellingOf)),
    ...placingComponents(step),
    { name: "origin", value: origin },
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashKey(["copy", ...fields]) as CacheKey, components };
}

/** The key of a WORKDIR: a short cut as `copyKey` is. */
export function workdirKey({ path, user }: WorkdirStep, parent: StateKey): KeyWithComponents {
  const components = [
    component("directory", [path]),
    component("user", [user]),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashKey(["workdir", ...fields]) as CacheKey, components };
}

/** What an ADD from elsewhere depends on besides the step itself. */
export interface AddFacts {
  /** What its sources are now, in their order. */
  readonly contents: readonly { readonly title: string; readonly identity: readonly string[] }[];
  /** The root filesystem it is placed over. */
  readonly parent: StateKey;
}

/** A short cut for an ADD of downloads and repositories, as `copyKey` is for a COPY from a state. */
export function addKey(step: CopyStep, { contents, parent }: AddFacts): KeyWithComponents {
  const unpacked = step.sources.map((source) =>
    typeof source !== "string" && source.kind === "http" ? String(source.unpack) : "",
  );
  const components = [
    ...contents.map(({ title, identity }) => component(title, identity)),
    ...placingComponents(step),
    component("unpacking", unpacked),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashKey(["add", ...fields]) as CacheKey, components };
}

/** The key of the layer that holds files from elsewhere, and nothing but them. */
export function keyOfRemote(identity: readonly string[], unpack: boolean): CacheKey {
  return hashKey(["remote", String(unpack), ...identity]) as CacheKey;
}

/** What decides how files are placed; named as it is written. */
function placingComponents(step: CopyStep): readonly KeyComponent[] {
  const { instruction, files, destination, chown, chmod } = step;
  const { exclude, parents, link, unpack } = step;
  return [
    component("instruction", [instruction]),
    ...files.map(({ name, body }) => component(`heredoc ${name}`, [body])),
    component("destination", [destination]),
    component("--chown", chown === undefined ? [] : [chown]),
    component("--chmod", chmod === undefined ? [] : [chmod]),
    component("--exclude", exclude),
    component("--parents", [String(parents)]),
    component("--link", [String(link)]),
    component("--unpack", [String(unpack)]),
  ];
}

function spellingOf(source: CopyStep["sources"][number]): string {
  return typeof source === "string" ? source : JSON.stringify(source);
}

/** One source of a COPY: what `tree` digests is placed under `name`, `implied` directories less strictly. */
export interface SelectionFacts {
  readonly name: string;
  readonly tree: TreeDigest;
  readonly implied: readonly string[];
}

/** What the sources of a COPY selected, in order. */
export function selectionKey(sources: readonly SelectionFacts[]): SelectionKey {
  const fields = sources.flatMap(({ name, tree, implied }) => [
    name,
    tree,
    String(implied.length),
    ...implied,
  ]);
  return hashKey(["selection", ...fields]) as SelectionKey;
}

/** A selection's name that was kept as text. */
export function keptSelectionKey(text: string): SelectionKey {
  return text as SelectionKey;
}
