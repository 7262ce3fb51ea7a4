import { hash } from "node:crypto";
import type { Brand, Digest } from "../oci/digest.js";
import type { MountOwner, RunCache, RunMount } from "../plan/run-mount.js";
import type { CopyStep, RunStep, Step, WorkdirStep } from "../plan/step.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";

/** Names what a step would make, from everything that can change it (docs/cache.md). */
export type CacheKey = Brand<string, "CacheKey">;

/** Names the content of a root filesystem, whatever steps led to it. */
export type StateKey = Brand<string, "StateKey">;

/** Names what the sources of a COPY selected from a directory, by content. */
export type SelectionKey = Brand<string, "SelectionKey">;

/** A part of a key. Values are digests: they may be secret. The rest is for people (`shown.ts`). */
export interface KeyComponent {
  readonly name: string;
  readonly value: string;
  /** What users call it, where that is not the name. */
  readonly label?: string;
  /** The value, where that is short and no secret. */
  readonly shown?: string;
  /** No part of the key: it tells more of the component of that name. */
  readonly detailOf?: string;
}

/** A key, and what it was made of, so that a later miss can be explained. */
export interface KeyWithComponents {
  readonly key: CacheKey;
  readonly components: readonly KeyComponent[];
}

/** What a RUN's result depends on besides the step itself. */
export interface RunFacts {
  /** The root filesystem it starts from. */
  readonly parent: StateKey;
  /** Of its stage, as "linux/amd64": what it sees of its machine. */
  readonly platform: string;
  /** Undefined where nobody chose it. */
  readonly hostname: string | undefined;
  /** Names of `--add-host`; their addresses are the network's business. */
  readonly extraHosts: readonly string[];
  /** For each mount, in order, the content that it shows; undefined where that does not count. */
  readonly contents: readonly (string | undefined)[];
}

/** Bump when the meaning of a key changes; older records then simply miss. */
const FORMAT = "tsbuild-key-1";

/** The key of a RUN. Its proxy variables and limits are no part of it. */
export function runKey(
  step: RunStep,
  { parent, platform, hostname, extraHosts, contents }: RunFacts,
): KeyWithComponents {
  const { argv, env, user, cwd, network, security, mounts, devices, script } = step;
  const components = [
    component("command", argv),
    component("script", script === undefined ? [] : [script.name, script.body]),
    ...env.map(variable),
    component("user", [user]),
    component("working directory", [cwd]),
    component("network", [network]),
    component("security", [security]),
    { ...component("platform", [platform]), shown: platform },
    ...(hostname === undefined ? [] : [component("hostname", [hostname])]),
    component("extra hosts", extraHosts),
    ...mounts.map((mount, index) => mountComponent(mount, contents[index])),
    ...devices.map(({ name }) => component(`device ${name}`, [name])),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashFields([FORMAT, "run", ...fields]) as CacheKey, components };
}

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
  return { key: hashFields([FORMAT, "copy", ...fields]) as CacheKey, components };
}

/** The key of a WORKDIR: a short cut as `copyKey` is. */
export function workdirKey({ path, user }: WorkdirStep, parent: StateKey): KeyWithComponents {
  const components = [
    component("directory", [path]),
    component("user", [user]),
    { name: "parent", value: parent },
  ];
  const fields = components.flatMap(({ name, value }) => [name, value]);
  return { key: hashFields([FORMAT, "workdir", ...fields]) as CacheKey, components };
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
  return { key: hashFields([FORMAT, "add", ...fields]) as CacheKey, components };
}

/** The key of the layer that holds files from elsewhere, and nothing but them. */
export function keyOfRemote(identity: readonly string[], unpack: boolean): CacheKey {
  return hashFields([FORMAT, "remote", String(unpack), ...identity]) as CacheKey;
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
  return hashFields([FORMAT, "selection", ...fields]) as SelectionKey;
}

/** A selection's name that was kept as text. */
export function keptSelectionKey(text: string): SelectionKey {
  return text as SelectionKey;
}

/** The state of a base image's layers, by DiffID, with the layers of steps upon them, by content. */
export function stateKey(base: readonly Digest[], trees: readonly TreeDigest[] = []): StateKey {
  const bottom = hashFields([FORMAT, "base", ...base]) as StateKey;
  return trees.reduce(stateUpon, bottom);
}

/** A state with one more layer: a chain, so that a stage of many steps is not hashed again for each. */
export function stateUpon(parent: StateKey, tree: TreeDigest): StateKey {
  return hashFields([FORMAT, "state", parent, tree]) as StateKey;
}

/** The state that a step with these components starts from; undefined of a record that is no step's. */
export function parentOf(components: readonly KeyComponent[]): StateKey | undefined {
  const parent = components.find(({ name }) => name === "parent");
  return parent?.value as StateKey | undefined;
}

/** What a COPY with these components copies from: a state, or what was selected. */
export function originOf(components: readonly KeyComponent[]): StateKey | undefined {
  const origin = components.find(({ name }) => name === "origin");
  return origin?.value as StateKey | undefined;
}

/** Where a step stands: the Dockerfile, its stage, and how many steps come before it there. */
export interface StepPlace {
  readonly scope: string;
  readonly stage: string;
  /** As "linux/amd64". */
  readonly platform: string;
  readonly index: number;
}

/**
 * Where to look for an earlier run of the same step, best first: the same command in the same stage,
 * whatever was at its place, the same command for another platform. Explains misses; never decides a
 * hit.
 */
export function stepIdentities(
  step: Step,
  { scope, stage, platform, index }: StepPlace,
): readonly [command: string, ...rest: string[]] {
  const command = [step.kind, stage, ...commandOf(step)];
  return [
    hashFields([FORMAT, "same command", platform, scope, ...command]),
    hashFields([FORMAT, "same place", platform, scope, step.kind, stage, String(index)]),
    hashFields([FORMAT, "same command", "any platform", scope, ...command]),
  ];
}

/** A COPY is known by what it is written to copy, and where to. */
function commandOf(step: Step): readonly string[] {
  switch (step.kind) {
    case "run":
      return step.argv;
    case "copy":
      return [JSON.stringify(step.origin), JSON.stringify(step.sources), step.destination];
    case "workdir":
      return [step.path];
  }
}

/** Names a cache mount: mounts of one identity show the same directory (R05). */
export function cacheMountIdentity({ id, owner }: RunCache, seed: string | undefined): string {
  const fields = [owner === undefined ? [] : ownerFields(owner), seed === undefined ? [] : [seed]];
  return hashFields([
    FORMAT,
    "cache mount",
    id,
    ...fields.flatMap((some) => [`${some.length}`, ...some]),
  ]);
}

function variable(assignment: string): KeyComponent {
  const at = assignment.indexOf("=");
  const name = at < 0 ? assignment : assignment.slice(0, at);
  return component(`variable ${name}`, [assignment]);
}

/**
 * What a step can tell of a mount before it runs. Not what a cache holds or how it is shared, nor the
 * value of a secret; of files what they are, not where they come from.
 */
function mountComponent(mount: RunMount, content: string | undefined): KeyComponent {
  const { kind } = mount;
  switch (kind) {
    case "bind":
    case "cache": {
      const fields = [mount.target, access(mount), ...(content === undefined ? [] : [content])];
      return component(`${kind} mount ${mount.target}`, fields);
    }
    case "tmpfs":
      return component(`tmpfs mount ${mount.target}`, [access(mount), String(mount.size ?? "")]);
    case "secret": {
      const { id, target = "", env = "", required } = mount;
      const fields = [target, env, String(required), ...ownerFields(mount.owner)];
      return component(`secret mount ${id}`, fields);
    }
    case "ssh": {
      const fields = [mount.target, String(mount.required), ...ownerFields(mount.owner)];
      return component(`ssh mount ${mount.id}`, fields);
    }
  }
}

function access({ readonly }: { readonly readonly: boolean }): string {
  return readonly ? "ro" : "rw";
}

function ownerFields({ uid, gid, mode }: MountOwner): readonly string[] {
  return [String(uid), String(gid), String(mode)];
}

/** A part of a key by its name, or one that only explains. */
export function component(name: string, fields: readonly string[]): KeyComponent {
  return { name, value: hashFields(fields) };
}

/** The value of a component that is not there, such as a flag that was not given. */
export const nothing = hashFields([]);

/** Length before content, so that ["ab", "c"] and ["a", "bc"] differ. */
function hashFields(fields: readonly string[]): string {
  const text = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join("");
  return hash("sha256", text, "hex");
}
