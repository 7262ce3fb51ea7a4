import { BuildError, type BuildErrorCode } from "../error.js";
import type { EntryList } from "../oci/changeset.js";
import type { DraftLayer, LayerId, TreeDigest } from "../snapshotter/snapshotter.js";
import type { Engine } from "./engine.js";

/** The error where this machine does not take all the files. */
export interface Refusal {
  readonly code: BuildErrorCode;
  readonly message: string;
}

/** What is to be drafted. */
interface ExactLayer {
  readonly entries: EntryList;
  readonly tree: TreeDigest;
  /** Whether all files come with their SHA-256. */
  readonly areHashed?: boolean;
  /** A layer that is here, and likely to hold many of the same files. */
  readonly similar?: LayerId | undefined;
}

/** Drafts a layer of these files, whose tree digest is known. */
export async function draftExactly(
  { entries, tree, areHashed = false, similar }: ExactLayer,
  snapshots: Engine["snapshots"],
  { code, message }: Refusal,
  signal: AbortSignal,
): Promise<DraftLayer> {
  const draft = await snapshots.ingest(
    entries,
    { similar, tree: areHashed ? tree : undefined },
    signal,
  );
  if (draft.measure.tree === tree) return draft;
  await draft[Symbol.asyncDispose]();
  // The snapshotter leaves out what this machine does not allow, such as a user's device nodes.
  throw new BuildError(code, message, {
    hint: "an ordinary user may not make device nodes, nor set every extended attribute",
  });
}
