import { realpathSync, statSync } from "node:fs";
import { BuildError } from "../error.js";
import type { BytePath } from "../oci/changeset.js";
import type { FileIndex } from "./file-index.js";
import type { IgnoreRules } from "./ignore-rules.js";
import { LocalSourceTree } from "./local-source-tree.js";
import type { SourceTree } from "./source-tree.js";
import { unreadable } from "./unreadable.js";

/** A build context on this machine. */
export interface DirectoryContext {
  /** Host path, as the user named it. */
  readonly root: string;
  readonly ignore: IgnoreRules | undefined;
  readonly index: FileIndex | undefined;
}

/**
 * A local directory as COPY and ADD see it (SEMANTICS B01): behind its .dockerignore, everything
 * owned by root. Only what is selected is read. Throws CONTEXT when it is no directory.
 */
export async function openDirectoryContext({
  root,
  ignore,
  index,
}: DirectoryContext): Promise<SourceTree> {
  return new LocalSourceTree({ root: realDirectory(root), kind: "context", ignore, index });
}

function realDirectory(root: string): BytePath {
  try {
    const stat = statSync(root, { throwIfNoEntry: false });
    if (stat === undefined) throw unusable(root, "no such directory");
    if (!stat.isDirectory()) throw unusable(root, "not a directory");
    return realpathSync(root, { encoding: "latin1" }) as BytePath;
  } catch (error) {
    throw unreadable(root, error);
  }
}

function unusable(root: string, reason: string): BuildError {
  return new BuildError("CONTEXT", `Cannot use "${root}" as a build context: ${reason}`);
}
