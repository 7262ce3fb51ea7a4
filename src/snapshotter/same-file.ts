import { contentDigest } from "../oci/content.js";
import type { TreeNode } from "../oci/file-tree.js";
import { sameButTime } from "./metadata.js";

type File = TreeNode["entry"];

/** Whether two files differ in name and time at most. Reads contents whose digests are not known. */
export async function sameFile(a: File, b: File): Promise<boolean> {
  return sameButTime(a, b) && (await sameBody(a, b));
}

async function sameBody(a: File, b: File): Promise<boolean> {
  switch (a.type) {
    case "directory":
    case "fifo":
      return a.type === b.type;
    case "symlink":
      return a.type === b.type && a.target === b.target;
    case "block":
    case "char":
      return a.type === b.type && a.major === b.major && a.minor === b.minor;
    case "file":
      if (a.type !== b.type || a.size !== b.size) return false;
      return a.size === 0 || (await contentDigest(a)) === (await contentDigest(b));
  }
}
