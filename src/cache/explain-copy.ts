import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { changedComponents } from "./explain.js";
import { fileChanges, type FileChange } from "./file-changes.js";
import type { FileFacts } from "./file-facts.js";
import type { KeyComponent } from "./key.js";

/** What a COPY came to, now or in an earlier build. */
export interface CopyFacts {
  /** What its layer holds. */
  readonly tree: TreeDigest;
  readonly components: readonly KeyComponent[];
  /** What it selected; undefined where that was not kept. */
  readonly files: FileFacts | undefined;
}

/** Where changes came from. */
export interface ChangedAt {
  /** The step that a change of the parent came from. */
  readonly parent: string;
  /** "--from changed at RUN make"; undefined for a directory of this machine. */
  readonly origin: string | undefined;
}

/** Files named before the rest is only counted. */
const NAMED = 2;

/** The component that stands for the text of a .dockerignore; no part of the key. */
export const ignoreComponent = ".dockerignore";

/** Parts that say nothing by themselves: what was selected, and what the layer holds, say more. */
const indirect: ReadonlySet<string> = new Set(["origin", "parent", ignoreComponent]);

/**
 * Why a COPY is no hit: "src/app.ts changed, src/b.ts added and 3 more files", "--chown changed". Its
 * parent counts only for where it lands, and so is named only when nothing else is.
 */
export function explainCopy(
  now: CopyFacts,
  before: CopyFacts | undefined,
  { parent, origin }: ChangedAt,
): string {
  if (before === undefined) return "no earlier run";
  if (now.tree === before.tree) return "its layer is gone";
  const changed = changedComponents(before.components, now.components);
  const files = changesOf(now, before);
  const reasons = [...changed].filter(([name]) => !indirect.has(name)).map(([, text]) => text);
  reasons.push(...named(files));
  const ignored = changed.get(ignoreComponent);
  if (ignored !== undefined && files.some(({ isMove }) => isMove)) reasons.push(ignored);
  if (origin !== undefined && files.length > 0 && changed.has("origin")) reasons.push(origin);
  if (reasons.length > 0) return reasons.join(", ");
  return changed.has("parent") ? `parent changed at ${parent}` : "files changed";
}

function changesOf(now: CopyFacts, before: CopyFacts): readonly FileChange[] {
  return now.files === undefined || before.files === undefined
    ? []
    : fileChanges(before.files, now.files);
}

function named(files: readonly FileChange[]): readonly string[] {
  const texts = files.slice(0, NAMED).map(({ text }) => text);
  const more = files.length - texts.length;
  if (more === 0) return texts;
  return [`${texts.join(", ")} and ${more} more ${more === 1 ? "file" : "files"}`];
}
