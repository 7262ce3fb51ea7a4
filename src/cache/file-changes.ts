import { toText, type BytePath } from "../oci/changeset.js";
import { FactCursor } from "./fact-cursor.js";
import { differingFacts, factsIn, partsOf, type Fact, type FileFacts } from "./file-facts.js";
import { KEPT, type Change } from "./reason.js";

/** What changed of the files of a selection. */
export interface FileChanges {
  /** The first ones; objects for each of 50,000 would keep the collector of garbage busy. */
  readonly first: readonly Change[];
  readonly count: number;
  /** Whether a file came, went or was renamed. */
  readonly areMoves: boolean;
}

/** Nothing changed, or it is not known. */
export const noChanges: FileChanges = { first: [], count: 0, areMoves: false };

/**
 * What changed: files that are there in both, then renamed, added and deleted ones, each in the order
 * of the selection. That a directory came or went is told only where no file did.
 */
export function fileChanges(facts: FileFacts, factsNow: FileFacts): FileChanges {
  const { before, now } = differingFacts(facts, factsNow);
  /** Undefined of a file with other content. */
  const altered = new Map<BytePath, Change | undefined>();
  const unpaired = pair(before, now, (path, facts) => {
    const change = facts && alteration(toText(path), facts);
    if (facts === undefined) altered.set(path, undefined);
    else if (change !== undefined) altered.set(path, { ...change, how: "changed" });
  });
  const [gone, come] = [[...unpaired.before], [...unpaired.now]];
  const moves = movesBetween(gone.filter(isNoDirectory), come.filter(isNoDirectory));
  return altered.size > 0 || moves.length > 0
    ? listed(altered, moves)
    : listed(altered, movesBetween(gone, come));
}

function listed(
  altered: ReadonlyMap<BytePath, Change | undefined>,
  moves: readonly Change[],
): FileChanges {
  const first: Change[] = [];
  for (const [path, change] of altered) {
    if (first.length === KEPT) break;
    first.push(change ?? { what: toText(path), how: "changed" });
  }
  return {
    first: [...first, ...moves.slice(0, KEPT - first.length)],
    count: altered.size + moves.length,
    areMoves: moves.length > 0,
  };
}

type FactMap = ReadonlyMap<BytePath, string>;

/** Two facts of a path. */
interface FactPair {
  readonly before: string;
  readonly now: string;
}

/** Called for a path that both have, with other facts; without these for a file with other content. */
type Meet = (path: BytePath, facts?: FactPair) => void;

/**
 * Calls `meet` for each path that both have, and answers those that one has. Both come in nearly the same order:
 * what waits for its other half is what came or went lately, not all.
 */
function pair(
  before: FileFacts,
  now: FileFacts,
  meet: Meet,
): { readonly before: FactMap; readonly now: FactMap } {
  const [gone, come] = [new Map<BytePath, string>(), new Map<BytePath, string>()];
  const [olds, owns] = [new FactCursor(before), new FactCursor(now)];
  for (;;) {
    const [isOld, isOwn] = [olds.next(), owns.next()];
    if (!isOld && !isOwn) break;
    if (isOld && isOwn && owns.hasPathOf(olds)) {
      const differs = owns.differsFrom(olds);
      if (differs === "content") meet(owns.path);
      else if (differs !== undefined) meet(owns.path, { before: olds.fact, now: owns.fact });
      continue;
    }
    if (isOwn) {
      const { path, fact } = owns;
      const earlier = take(gone, path);
      if (earlier === undefined) come.set(path, fact);
      else if (earlier !== fact) meet(path, { before: earlier, now: fact });
    }
    if (isOld) {
      const { path, fact } = olds;
      const later = take(come, path);
      if (later === undefined) gone.set(path, fact);
      else if (later !== fact) meet(path, { before: fact, now: later });
    }
  }
  // What two sources of a COPY name is there twice, but once where there was one of them.
  if (come.size > 0) for (const [path] of factsIn(before)) come.delete(path);
  if (gone.size > 0) for (const [path] of factsIn(now)) gone.delete(path);
  return { before: gone, now: come };
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

function alteration(path: string, facts: FactPair): Omit<Change, "how"> | undefined {
  const [before, now] = [partsOf(facts.before), partsOf(facts.now)];
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
