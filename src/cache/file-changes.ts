import { toText, type BytePath } from "../oci/changeset.js";
import { differingFacts, partsOf, type FileFacts } from "./file-facts.js";
import type { Change } from "./reason.js";

/**
 * What changed: files that are there in both, then renamed, added and deleted ones, each in the order
 * of the selection. That a directory came or went is told only where no file did.
 */
export function fileChanges(facts: FileFacts, factsNow: FileFacts): readonly Change[] {
  const { before, now } = differingFacts(facts, factsNow);
  const altered: Change[] = [];
  const come: Fact[] = [];
  for (const [path, fact] of now) {
    const earlier = before.get(path);
    if (earlier === undefined) come.push([path, fact]);
    if (earlier === undefined || earlier === fact) continue;
    const change = alteration(toText(path), earlier, fact);
    if (change !== undefined) altered.push({ ...change, how: "changed" });
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
function movesBetween(gone: readonly Fact[], come: readonly Fact[]): readonly Change[] {
  const left = new Map<string, Set<BytePath>>();
  for (const [path, fact] of gone) left.set(fact, (left.get(fact) ?? new Set()).add(path));
  const renamed: Change[] = [];
  const added: Change[] = [];
  for (const [path, fact] of come) {
    const paths = left.get(fact);
    const [from] = paths ?? [];
    const name = toText(path);
    if (from === undefined) added.push({ what: name, how: "added" });
    else renamed.push({ what: toText(from), how: "renamed", after: name });
    if (from !== undefined) paths?.delete(from);
  }
  const deleted = gone
    .filter(([path, fact]) => left.get(fact)?.has(path))
    .map(([path]): Change => ({ what: toText(path), how: "deleted" }));
  return [...renamed, ...added, ...deleted];
}

function alteration(path: string, earlier: string, fact: string): Omit<Change, "how"> | undefined {
  const [before, now] = [partsOf(earlier), partsOf(fact)];
  if (before.type !== now.type)
    return { what: `type of ${path}`, before: before.type, after: now.type };
  if (before.content !== now.content) {
    if (now.type !== "symlink") return { what: path };
    const [old, target] = [before, now].map(({ content }) => toText(content as BytePath));
    return { what: `link target of ${path}`, before: old ?? "", after: target ?? "" };
  }
  if (differ(before.mode, now.mode)) {
    return { what: `mode of ${path}`, before: octal(before.mode), after: octal(now.mode) };
  }
  if (differ(before.owner, now.owner))
    return { what: `owner of ${path}`, before: before.owner, after: now.owner };
  return before.xattrs === now.xattrs ? undefined : { what: `attributes of ${path}` };
}

function octal(mode: string): string {
  return `0${Number(mode).toString(8)}`;
}

/** What a flag replaced then or now cannot be compared. */
function differ(before: string, now: string): boolean {
  return before !== now && before !== "" && now !== "";
}
