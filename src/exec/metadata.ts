import { lstatSync, type BigIntStats } from "node:fs";
import { getXattr, listXattrs } from "../sys/xattrs.js";

/** What a layer records of a directory. */
export interface Metadata {
  readonly stat: BigIntStats;
  /** Name and value in latin1, without those of overlayfs itself. */
  readonly xattrs: ReadonlyMap<string, string>;
  /** Overlayfs: what lies below is hidden, so this is not a copy of it. */
  readonly opaque: boolean;
}

/** Reads it of a directory at a host path. */
export function readMetadata(path: string): Metadata {
  const bytes = Buffer.from(path).toString("latin1");
  const names = listXattrs(bytes);
  const kept = names.filter((name) => !/^(trusted|user)\.overlay\./.test(name));
  return {
    stat: lstatSync(path, { bigint: true }),
    xattrs: new Map(kept.map((name) => [name, getXattr(bytes, name)?.toString("latin1") ?? ""])),
    opaque: names.some((name) => name.endsWith(".overlay.opaque")),
  };
}

/** True when `copy` says nothing that `original` did not say. */
export function sameMetadata(copy: Metadata, original: Metadata): boolean {
  const [a, b] = [copy.stat, original.stat];
  return (
    !copy.opaque &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.mtimeNs === b.mtimeNs &&
    copy.xattrs.size === original.xattrs.size &&
    [...copy.xattrs].every(([name, value]) => original.xattrs.get(name) === value)
  );
}
