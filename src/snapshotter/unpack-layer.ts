import type { Entry } from "../oci/changeset.js";
import { contentDigest } from "../oci/content.js";
import { readLayerTar } from "../oci/layer-tar.js";
import { Measured } from "../oci/measured.js";
import { Materializer } from "./materialize.js";
import { overlayChanges } from "./overlay-changes.js";
import { OverlayXattrs } from "./overlay-xattrs.js";
import type { LayerMeasure, TreeDigest } from "./snapshotter.js";
import { TidyChanges } from "./tidy-changes.js";
import { treeDigest, TreeHasher } from "./tree-digest.js";

/** Where a layer is unpacked to. */
export interface UnpackTarget {
  /** Empty. */
  readonly directory: string;
  readonly userNamespace: boolean;
}

/**
 * Unpacks the tar of a layer from elsewhere into a directory in overlayfs form. Content is hashed on the
 * way; only where the filesystem did not take all of it, the directory is read again.
 */
export async function unpackLayer(
  bytes: AsyncIterable<Uint8Array>,
  { directory, userNamespace }: UnpackTarget,
  signal?: AbortSignal,
): Promise<LayerMeasure> {
  const tar = new Measured(bytes);
  const materializer = new Materializer(directory, { plain: false, userNamespace });
  const inOrder = new TreeHasher();
  const untidy = new TidyChanges();
  for await (const entry of materializer.write(readLayerTar(tar))) {
    signal?.throwIfAborted();
    const sha256 = entry.type === "file" ? await contentDigest(entry) : undefined;
    inOrder.add(entry, sha256);
    untidy.add(withoutContent(entry, sha256));
  }
  const { digest: diffId, size } = tar.result();
  const tree = await treeOf();
  return { diffId, tree, size };

  function treeOf(): TreeDigest | Promise<TreeDigest> {
    if (materializer.exact) return inOrder.digest();
    if (materializer.lossless) return treeDigest(untidy.entries());
    return treeDigest(overlayChanges(directory, new OverlayXattrs({ userNamespace })));
  }
}

const nothing = { kind: "bytes", bytes: new Uint8Array(0) } as const;

/** Of the content only the digest, which is all that a tree digest wants. */
function withoutContent(entry: Entry, sha256: string | undefined): Entry {
  return entry.type === "file" ? { ...entry, content: nothing, sha256 } : entry;
}
