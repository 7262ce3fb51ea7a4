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
  const first: Change[] = [];
  let count = 0;
  const unpaired = pair(before, now, (file, facts) => {
    const change = facts === undefined ? content : alteration(facts);
    if (change === undefined) return;
    if (count++ < KEPT) first.push(change(toText(file.path)));
  });
  const [gone, come] = [[...unpaired.before], [...unpaired.now]];
  const moves = movesBetween(gone.filter(isNoDirectory), come.filter(isNoDirectory));
  const others = count + moves.length > 0 ? moves : movesBetween(gone, come);
  return {
    first: [...first, ...others.slice(0, KEPT - first.length)],
    count: count + others.length,
    areMoves: others.length > 0,
  };
}

type FactMap = ReadonlyMap<BytePath, string>;

/** Two facts of a path. */
interface FactPair {
  readonly before: string;
  readonly now: string;
}

/** A file, of which the path may not be wanted. */
type Named = Pick<FactCursor, "path">;

/** Called for a file that both have, with other facts; without these where only its content is another. */
type Meet = (file: Named, facts?: FactPair) => void;

/**
 * Calls `meet` for each file that both have, and answers those that one has. Both come in nearly the same order:
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
      if (differs === "content") meet(owns);
      else if (differs !== undefined) meet(owns, { before: olds.fact, now: owns.fact });
      continue;
    }
    if (isOwn) {
      const { path, fact } = owns;
      const earlier = take(gone, path);
      if (earlier === undefined) come.set(path, fact);
      else if (earlier !== fact) meet({ path }, { before: earlier, now: fact });
    }
    if (isOld) {
      const { path, fact } = olds;
      const later = take(come, path);
      if (later === undefined) gone.set(path, fact);
      else if (later !== fact) meet({ path }, { before: fact, now: later });
    }
  }
  // What two sources of a COPY name was listed twice by earlier versions.
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

/** What changed of a file whose path is put in. */
type Alteration = (path: string) => Change;

const content: Alteration = (path) => ({ what: path, how: "changed" });

function alteration(facts: FactPair): Alteration | undefined {
  const [before, now] = [partsOf(facts.before), partsOf(facts.now)];
  if (before.type !== now.type) return changedFrom("type", before.type, now.type);
  if (before.content !== now.content) {
    if (now.type !== "symlink") return content;
    const [old = "", target = ""] = [before, now].map(({ content }) => toText(content as BytePath));
    return changedFrom("link target", old, target);
  }
  if (differ(before.mode, now.mode))
    return changedFrom("mode", octal(before.mode), octal(now.mode));
  if (differ(before.owner, now.owner)) return changedFrom("owner", before.owner, now.owner);
  if (before.xattrs === now.xattrs) return undefined;
  return (path) => ({ what: `attributes of ${path}`, how: "changed" });
}

function changedFrom(what: string, before: string, after: string): Alteration {
  return (path) => ({ what: `${what} of ${path}`, how: "changed", before, after });
}

function octal(mode: string): string {
  return `0${Number(mode).toString(8)}`;
}

/** What a flag replaced then or now cannot be compared. */
function differ(before: string, now: string): boolean {
  return before !== now && before !== "" && now !== "";
}
