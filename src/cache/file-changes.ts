import { toText, type BytePath } from "../oci/changeset.js";
import { differingFacts, factsIn, partsOf, type Fact, type FileFacts } from "./file-facts.js";
import type { Change } from "./reason.js";

/**
 * What changed: files that are there in both, then renamed, added and deleted ones, each in the order
 * of the selection. That a directory came or went is told only where no file did.
 */
export function fileChanges(facts: FileFacts, factsNow: FileFacts): readonly Change[] {
  const { before, now } = differingFacts(facts, factsNow);
  const altered = new Map<BytePath, Change>();
  const unpaired = pair(before, now, (path, earlier, fact) => {
    if (earlier === fact) return;
    const change = alteration(toText(path), earlier, fact);
    if (change !== undefined) altered.set(path, { ...change, how: "changed" });
  });
  const [gone, come] = [[...unpaired.before], [...unpaired.now]];
  const moves = movesBetween(gone.filter(isNoDirectory), come.filter(isNoDirectory));
  if (altered.size > 0 || moves.length > 0) return [...altered.values(), ...moves];
  return movesBetween(gone, come);
}

type FactMap = ReadonlyMap<BytePath, string>;

/**
 * Calls `meet` for each path that both have, and answers those that one has. Both come in nearly the same order:
 * what waits for its other half is what came or went lately, not all.
 */
function pair(
  before: FileFacts,
  now: FileFacts,
  meet: (path: BytePath, earlier: string, fact: string) => void,
): { readonly before: FactMap; readonly now: FactMap } {
  const [gone, come] = [new Map<BytePath, string>(), new Map<BytePath, string>()];
  const [olds, owns] = [factsIn(before), factsIn(now)];
  for (;;) {
    const [old, own] = [next(olds), next(owns)];
    if (old === undefined && own === undefined) break;
    if (old !== undefined && old[0] === own?.[0]) {
      meet(old[0], old[1], own[1]);
      continue;
    }
    if (own !== undefined) {
      const earlier = take(gone, own[0]);
      if (earlier === undefined) come.set(...own);
      else meet(own[0], earlier, own[1]);
    }
    if (old !== undefined) {
      const later = take(come, old[0]);
      if (later === undefined) gone.set(...old);
      else meet(old[0], old[1], later);
    }
  }
  // What two sources of a COPY name is there twice, but once where there was one of them.
  if (come.size > 0) for (const [path] of factsIn(before)) come.delete(path);
  if (gone.size > 0) for (const [path] of factsIn(now)) gone.delete(path);
  return { before: gone, now: come };
}

function next(facts: Iterator<Fact, void>): Fact | undefined {
  return facts.next().value ?? undefined;
}

function take(facts: Map<BytePath, string>, path: BytePath): string | undefined {
  const fact = facts.get(path);
  facts.delete(path);
  return fact;
}

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
