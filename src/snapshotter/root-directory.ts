import { lutimesSync } from "node:fs";
import { toBytePath } from "../oci/changeset.js";
import { FileStat } from "../sys/file-stat.js";
import { MetadataWriter } from "./metadata-writer.js";
import { readMetadata, sameButTime, type Metadata } from "./metadata.js";
import type { OverlayXattrs } from "./overlay-xattrs.js";

/** Of an image that does not say what its root directory is like. */
const unnamed: Metadata = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/**
 * The metadata of the root directory of a state: of the uppermost layer that lists it. overlayfs
 * itself would show that of the uppermost layer, listed or not.
 */
export function rootMetadata(layers: readonly string[], overlay: OverlayXattrs): Metadata {
  const layer = layers.find((directory) => overlay.isRootListed(directory));
  return layer === undefined ? unnamed : readRoot(layer, overlay);
}

/** Gives a new layer's root directory the metadata of its parent's. */
export function writeRoot(directory: string, root: Metadata, userNamespace: boolean): void {
  new MetadataWriter({ plain: false, userNamespace }).apply(root, toBytePath(directory));
  lutimesSync(directory, root.mtime, root.mtime);
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
