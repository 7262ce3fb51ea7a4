import { toBytePath } from "../oci/changeset.js";
import { FileStat } from "../sys/file-stat.js";
import { setTimes } from "./file-times.js";
import { MetadataWriter } from "./metadata-writer.js";
import { readMetadata, sameButTime, unlistedDirectory, type Metadata } from "./metadata.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";

/** What the root directory of a layer in overlayfs form says. */
export interface LayerRoot {
  readonly directory: string;
  /** Hides all that is below the layer; overlayfs does not look for this mark on a root directory. */
  readonly opaque: boolean;
  /** Of a layer that lists its root directory. */
  readonly metadata: Metadata | undefined;
}

/** Reads what a layer in a directory says of the root directory. */
export function layerRoot(directory: string, overlay: OverlayXattrs): LayerRoot {
  const listed = overlay.isRootListed(directory);
  const metadata = listed ? readRoot(directory, overlay) : undefined;
  return { directory, opaque: overlay.isOpaque(directory), metadata };
}

/**
 * The metadata of the root directory of a state: of the uppermost layer that lists it. overlayfs
 * itself would show that of the uppermost layer, listed or not.
 */
export function rootMetadata(layers: readonly LayerRoot[]): Metadata {
  return layers.find(({ metadata }) => metadata !== undefined)?.metadata ?? unlistedDirectory;
}

/** Gives a new layer's root directory the metadata of its parent's. */
export function writeRoot(directory: string, root: Metadata, userNamespace: boolean): void {
  const host = toBytePath(directory);
  new MetadataWriter({ plain: false, userNamespace }).apply(root, host);
  setTimes(host, root.mtime);
}

/** Lists the root directory in the layer where it no longer is as it was, times aside. */
export function listChangedRoot(directory: string, was: Metadata, overlay: OverlayXattrs): void {
  if (!sameButTime(readRoot(directory, overlay), was)) overlay.setRootListed(directory);
}

function readRoot(directory: string, overlay: OverlayXattrs): Metadata {
  const stat = new FileStat();
  const host = toBytePath(directory);
  if (!stat.lstat(host)) throw new Error(`no layer at ${directory}`);
  return readMetadata(host, stat, (name) => overlay.unescape(name));
}
