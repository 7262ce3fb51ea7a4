import { toBytePath } from "../oci/changeset.js";
import { LocalSourceTree } from "./local-source-tree.js";
import type { SourceTree } from "./source-tree.js";

/** The mounted root filesystem of a stage or an image, as `COPY --from` sees it: owners are kept. */
export function openRootfsTree(root: string): SourceTree {
  const kind = "rootfs";
  return new LocalSourceTree({ root: toBytePath(root), kind, ignore: undefined, index: undefined });
}
