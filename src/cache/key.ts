import { hash } from "node:crypto";
import type { Brand, Digest } from "../oci/digest.js";
import type { MountOwner } from "../plan/run-mount.js";
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

/** Bump when the meaning of a key changes; older records then simply miss. */
const FORMAT = "tsbuild-key-1";

/** The state of a base image's layers, by DiffID, with the layers of steps upon them, by content. */
export function stateKey(base: readonly Digest[], trees: readonly TreeDigest[] = []): StateKey {
  const bottom = hashKey(["base", ...base]) as StateKey;
  return trees.reduce(stateUpon, bottom);
}

/** A state with one more layer: a chain, so that a stage of many steps is not hashed again for each. */
export function stateUpon(parent: StateKey, tree: TreeDigest): StateKey {
  return hashKey(["state", parent, tree]) as StateKey;
}

/** The state that a step with these components starts from; undefined of a record that is not a step's. */
export function parentOf(components: readonly KeyComponent[]): StateKey | undefined {
  const parent = components.find(({ name }) => name === "parent");
  return parent?.value as StateKey | undefined;
}

/** What a COPY with these components copies from: a state, or what was selected. */
export function originOf(components: readonly KeyComponent[]): StateKey | undefined {
  const origin = components.find(({ name }) => name === "origin");
  return origin?.value as StateKey | undefined;
}

/** Who owns what a mount shows, and its mode. */
export function ownerFields({ uid, gid, mode }: MountOwner): readonly string[] {
  return [String(uid), String(gid), String(mode)];
}

/** A part of a key by its name, or one that only explains. */
export function component(name: string, fields: readonly string[]): KeyComponent {
  return { name, value: hashFields(fields) };
}

/** The value of a component that is not there, such as a flag that was not given. */
export const nothing = hashFields([]);

/** Of the fields of a key, of which the first says what kind of key it is. */
export function hashKey(fields: readonly string[]): string {
  return hashFields([FORMAT, ...fields]);
}

/** Length before content, so that ["ab", "c"] and ["a", "bc"] differ. */
function hashFields(fields: readonly string[]): string {
  const text = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join("");
  return hash("sha256", text, "hex");
}
