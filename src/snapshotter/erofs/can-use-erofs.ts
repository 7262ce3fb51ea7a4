import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BytePath, Entry } from "../../oci/changeset.js";
import { isSystemError } from "../../sys/system-error.js";
import { unmount } from "../../sys/mounts.js";
import { mountOverlay } from "../overlay-mounts.js";
import { Workspaces, type Workspace } from "../workspaces.js";
import { mountLayer } from "./mount-layer.js";
import { writeLayer } from "./write-layer.js";

const CONTENT = "tsbuild";

const sample: Entry = {
  type: "file",
  path: "file" as BytePath,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  size: CONTENT.length,
  content: { kind: "bytes", bytes: Buffer.from(CONTENT) },
};

/**
 * Whether layers in `work` can be mounted in place, found out by doing it: the kernel may be older than
 * 6.12 or know no EROFS, mounts may be forbidden, and where `work` is itself on an overlay, as in a
 * container, the kernel may refuse to stack another one.
 */
export async function canUseErofs(work: string): Promise<boolean> {
  const workspaces = new Workspaces(work);
  const workspace = workspaces.take();
  try {
    const layer = workspace.make("layer");
    await writeLayer([sample], layer);
    return isShown(layer, workspace);
  } finally {
    workspaces.giveBack(workspace);
    await workspaces.settled();
  }
}

function isShown(layer: string, { make }: Workspace): boolean {
  const [lower, root, empty] = [make("lower"), make("root"), make("empty")];
  const mounted: string[] = [];
  try {
    mountLayer(layer, lower);
    mounted.push(lower);
    const lowers = [empty, lower];
    mountOverlay({ target: root, lowers, upper: undefined, userNamespace: false });
    mounted.push(root);
    return readFileSync(join(root, sample.path), "utf8") === CONTENT;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  } finally {
    for (const target of mounted.reverse()) unmount(target);
  }
}
