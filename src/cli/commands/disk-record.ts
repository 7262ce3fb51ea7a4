import type { CacheRecord } from "../../cache/records.js";
import { hexOf, parseDigest } from "../../oci/digest.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import type { DiskItem } from "../../store/disk-items.js";

/** A thing on disk in the words of `docker buildx du`. */
export interface DiskRecord {
  readonly item: DiskItem;
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly mutable: boolean;
  readonly shared: boolean;
  readonly reclaimable: boolean;
  /** Why it is not reclaimable; "" when it is. */
  readonly keptBy: string;
}

/** Tells what an item is; the records say which steps made layers. */
export function describer(records: readonly CacheRecord[]): (item: DiskItem) => DiskRecord {
  const steps = new Map<string, Step>();
  for (const { layer, stepTitle: title, identities } of records) {
    steps.set(layer, { title, isSource: identities.length === 0 });
  }
  return (item) => {
    const step = item.kind === "layer" ? steps.get(item.key) : undefined;
    const keptBy = keeperOf(item);
    return {
      item,
      id: /^sha256:/.test(item.key) ? hexOf(parseDigest(item.key)).slice(0, 12) : item.key,
      type: typeOf(item, step),
      description: descriptionOf(item, step),
      mutable: item.kind === "cache" || isBookkeeping(item),
      shared: item.images.length > 0,
      reclaimable: keptBy === "",
      keptBy,
    };
  };
}

/** What a layer was recorded for. */
interface Step {
  readonly title: string;
  /** Not a step, but a source: a repository or an archive (builder/remote-state.ts). */
  readonly isSource: boolean;
}

function typeOf({ kind }: DiskItem, step: Step | undefined): string {
  switch (kind) {
    case "layer":
      return step?.isSource === true ? "source.git.checkout" : "regular";
    case "cache":
      return "exec.cachemount";
    case "index":
      return "source.local";
    case "download":
      return "source.http";
    case "blob":
    case "builds":
    case "database":
    case "image":
      return "internal";
  }
}

function descriptionOf({ kind, names, id = "" }: DiskItem, step: Step | undefined): string {
  switch (kind) {
    case "layer":
      return step?.title ?? (names.length > 0 ? `layer of ${shown(names)}` : "layer");
    case "cache":
      return `cache mount ${id}`;
    case "index":
      return "what is known of the files of a build context";
    case "download":
      return "body of a download";
    case "blob":
      return "blob of nobody";
    case "builds":
      return "history of builds";
    case "database":
      return "database of the store";
    case "image":
      return names.length > 0 ? `config of ${shown(names)}` : "config of an image without a name";
  }
}

function keeperOf(item: DiskItem): string {
  if (item.names.length > 0) return shown(item.names);
  if (isBookkeeping(item)) return "the store";
  return item.inUse ? "a running tsbuild" : "";
}

function isBookkeeping({ kind }: DiskItem): boolean {
  return kind === "builds" || kind === "database";
}

/** The first name, and how many more there are. */
function shown([first = "", ...more]: readonly string[]): string {
  const name = familiarReference(parseReference(first));
  return more.length === 0 ? name : `${name} and ${more.length} more`;
}
