import type { TreeDigest } from "../snapshotter/snapshotter.js";
import { changedComponents } from "./explain.js";
import { fileChanges, noChanges, type FileChanges } from "./file-changes.js";
import type { FileFacts } from "./file-facts.js";
import type { KeyComponent } from "./key.js";
import { changed, changeText, pruned, type Change, type MissReason } from "./reason.js";

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
  readonly parent: () => Change;
  /** Of what is copied from; undefined for a directory of this machine. */
  readonly origin: (() => Change) | undefined;
}

/** Files named before the rest is only counted. */
const NAMED = 2;

/** The component that stands for the text of a .dockerignore; no part of the key. */
export const ignoreComponent = ".dockerignore";

/** Parts that say nothing by themselves: what was selected, and what the layer holds, say more. */
const indirect: ReadonlySet<string> = new Set(["origin", "parent", ignoreComponent]);

/**
 * Why a COPY is not a hit: "src/app.ts changed, src/b.ts added and 3 more files", "--chown added (web)".
 * Its parent counts only for where it lands, and so is named only when nothing else is.
 */
export function explainCopy(
  now: CopyFacts,
  before: CopyFacts,
  { parent, origin }: ChangedAt,
): MissReason {
  if (now.tree === before.tree) return pruned;
  const differing = changedComponents(before.components, now.components);
  const files =
    now.files === undefined || before.files === undefined
      ? noChanges
      : fileChanges(before.files, now.files);
  const own = [...differing].filter(([name]) => !indirect.has(name)).map(([, change]) => change);
  const ignored = isKnown(before) ? differing.get(ignoreComponent) : undefined;
  const areOther = files.count > 0 || before.files === undefined;
  const from = [
    ...(ignored !== undefined && files.areMoves ? [ignored] : []),
    ...(origin !== undefined && areOther && differing.has("origin") ? [origin()] : []),
  ];
  const texts = [...own.map(changeText), ...named(files), ...from.map(changeText)];
  const changes = [...own, ...from, ...files.first];
  const count = own.length + from.length + files.count;
  if (texts.length > 0) return changed(texts.join(", "), changes, count);
  const rest = differing.has("parent") ? parent() : ({ what: "files", how: "changed" } as const);
  return changed(changeText(rest), [rest]);
}

/** Whether it is known what was ignored: that of another machine stayed there. */
function isKnown({ components }: CopyFacts): boolean {
  return components.some(({ name }) => name === ignoreComponent);
}

function named({ first, count }: FileChanges): readonly string[] {
  const texts = first.slice(0, NAMED).map(changeText);
  const more = count - texts.length;
  if (more === 0) return texts;
  return [`${texts.join(", ")} and ${more} more ${more === 1 ? "file" : "files"}`];
}
