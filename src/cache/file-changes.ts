import { toText, type BytePath } from "../oci/changeset.js";
import { partsOf, type FileFacts } from "./file-facts.js";

/** How one file differs between two selections. */
export interface FileChange {
  /** "mode of bin/run changed" */
  readonly text: string;
  /** It was added, deleted or renamed. */
  readonly isMove: boolean;
}

/**
 * What changed: files that are there in both, then renamed, added and deleted ones, each in the order
 * of the selection. That a directory came or went is told only where no file did.
 */
export function fileChanges(before: FileFacts, now: FileFacts): readonly FileChange[] {
  const altered: FileChange[] = [];
  const come: Fact[] = [];
  for (const [path, fact] of now) {
    const earlier = before.get(path);
    if (earlier === undefined) come.push([path, fact]);
    if (earlier === undefined || earlier === fact) continue;
    const text = alteration(toText(path), earlier, fact);
    if (text !== undefined) altered.push({ text, isMove: false });
  }
  const isSame = now.size - come.length === before.size;
  const gone = isSame ? [] : [...before].filter(([path]) => !now.has(path));
  const moves = movesBetween(gone.filter(isNoDirectory), come.filter(isNoDirectory));
  if (altered.length > 0 || moves.length > 0) return [...altered, ...moves];
  return movesBetween(gone, come);
}

type Fact = readonly [path: BytePath, fact: string];

function isNoDirectory([, fact]: Fact): boolean {
  return partsOf(fact).type !== "directory";
}

/** A file that went, and one that came and is the same but for its name, are one that was renamed. */
function movesBetween(gone: readonly Fact[], come: readonly Fact[]): readonly FileChange[] {
  const left = new Map<string, Set<BytePath>>();
  for (const [path, fact] of gone) left.set(fact, (left.get(fact) ?? new Set()).add(path));
  const renamed: string[] = [];
  const added: string[] = [];
  for (const [path, fact] of come) {
    const paths = left.get(fact);
    const [from] = paths ?? [];
    if (from === undefined) added.push(`${toText(path)} added`);
    else renamed.push(`${toText(from)} renamed to ${toText(path)}`);
    if (from !== undefined) paths?.delete(from);
  }
  const deleted = gone.filter(([path, fact]) => left.get(fact)?.has(path));
  const texts = [...renamed, ...added, ...deleted.map(([path]) => `${toText(path)} deleted`)];
  return texts.map((text) => ({ text, isMove: true }));
}

function alteration(path: string, earlier: string, fact: string): string | undefined {
  const [before, now] = [partsOf(earlier), partsOf(fact)];
  if (before.type !== now.type) return `type of ${path} changed`;
  if (before.content !== now.content) {
    return now.type === "symlink" ? `link target of ${path} changed` : `${path} changed`;
  }
  if (differ(before.mode, now.mode)) return `mode of ${path} changed`;
  if (differ(before.owner, now.owner)) return `owner of ${path} changed`;
  return before.xattrs === now.xattrs ? undefined : `attributes of ${path} changed`;
}

/** What a flag replaced then or now cannot be compared. */
function differ(before: string, now: string): boolean {
  return before !== now && before !== "" && now !== "";
}
