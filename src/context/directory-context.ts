import { realpathSync, statSync } from "node:fs";
import { BuildError } from "../error.js";
import type { BytePath } from "../oci/changeset.js";
import { LocalSourceTree } from "./local-source-tree.js";
import type { LocalTree } from "./local-tree.js";
import type { SourceTree } from "./source-tree.js";
import { isSystemError } from "../sys/system-error.js";
import { unreadable } from "./unreadable.js";

/** A build context on this machine. */
export interface DirectoryContext extends Omit<LocalTree, "root"> {
  /** Host path, as the user named it. */
  readonly root: string;
}

/**
 * A local directory as COPY and ADD see it (SEMANTICS B01): behind its .dockerignore, everything
 * owned by root. Only what is selected is read. Throws CONTEXT when it is not a directory.
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
export async function openDirectoryContext(context: DirectoryContext): Promise<SourceTree> {
  return new LocalSourceTree({ ...context, root: realDirectory(context.root) });
}

/** The real path of a context; throws CONTEXT when it is not a directory. */
export function realDirectory(root: string): BytePath {
  try {
    const path = realpathSync.native(root, { encoding: "latin1" });
    if (statSync(root).isDirectory()) return path as BytePath;
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) throw unusable(root, "no such directory");
    throw unreadable(root, error);
  }
  throw unusable(root, "not a directory");
}

function unusable(root: string, reason: string): BuildError {
  return new BuildError("CONTEXT", `Cannot use "${root}" as a build context: ${reason}`);
}
