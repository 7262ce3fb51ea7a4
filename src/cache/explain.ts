import { nothing, type KeyComponent } from "./key.js";
import { changed, changeText, neverBuilt, pruned, type Change, type MissReason } from "./reason.js";

/** What an earlier run of the same step was made of. */
export interface EarlierRun {
  readonly components: readonly KeyComponent[];
}

/** Changes named before the rest is only counted. */
const NAMED = 3;

/**
 * Why a step is not a hit: "ARG VERSION changed from 1 to 2", "never built before". Of the earlier runs, the
 * latest first, that counts from which the least differs. `above` tells what a change of the parent came from.
 */
export function explainMiss(
  components: readonly KeyComponent[],
  earlier: readonly EarlierRun[],
  above: (run: EarlierRun) => Change,
): MissReason {
  const compared = earlier.map((run) => ({ run, changes: changesSince(run, components) }));
  const [nearest] = compared.toSorted((a, b) => a.changes.length - b.changes.length);
  if (nearest === undefined) return neverBuilt;
  const { run, changes } = nearest;
  if (changes.length === 0) return pruned;
  const all = changes.map((change) => (change.what === "parent" ? above(run) : change));
  // An image for another platform is told of once, by what the step sees and by what it stands upon.
  const told = [...new Map(all.map((change) => [JSON.stringify(change), change])).values()];
  return changed(summary(told), told);
}

/** Where every part is the same, the order of variables may be another. */
function changesSince(run: EarlierRun, components: readonly KeyComponent[]): readonly Change[] {
  const changes = [...changedComponents(run.components, components).values()];
  const order = changes.length > 0 ? undefined : orderChange(run.components, components);
  return order === undefined ? changes : [order];
}

function summary(changes: readonly Change[]): string {
  const texts = changes.slice(0, NAMED).map(changeText);
  const more = changes.length - texts.length;
  return `${texts.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * Every component that differs, by its name: in the order of the key, and what is no longer there at
 * the end. In the place of one that has details stand those of them that differ.
 */
export function changedComponents(
  before: readonly KeyComponent[],
  now: readonly KeyComponent[],
): ReadonlyMap<string, Change> {
  const all = differences(before, now);
  const [then, later] = [before, now].map(detailed);
  const changes = new Map<string, Change>();
  for (const [name, { change, component }] of all) {
    if (component.detailOf !== undefined) continue;
    const details =
      then?.has(name) && later?.has(name)
        ? [...all].filter(([, one]) => one.component.detailOf === name)
        : [];
    if (details.length === 0) changes.set(name, change);
    for (const [detail, { change: part }] of details) changes.set(detail, part);
  }
  return changes;
}

/** What has details; what was recorded elsewhere has none. */
function detailed(components: readonly KeyComponent[]): ReadonlySet<string> {
  return new Set(components.flatMap(({ detailOf }) => detailOf ?? []));
}

interface Difference {
  readonly change: Change;
  readonly component: KeyComponent;
}

function differences(
  before: readonly KeyComponent[],
  now: readonly KeyComponent[],
): ReadonlyMap<string, Difference> {
  const [earlier, later] = [byName(before), byName(now)];
  const found = new Map<string, Difference>();
  for (const [name, component] of later) {
    const change = difference(earlier.get(name), component);
    if (change !== undefined) found.set(name, { change, component });
  }
  for (const [name, component] of earlier) {
    const change = later.has(name) ? undefined : difference(component, undefined);
    if (change !== undefined) found.set(name, { change, component });
  }
  return found;
}

/** A part that is there but says nothing, such as a flag that was not given, is as good as none. */
function difference(
  before: KeyComponent | undefined,
  now: KeyComponent | undefined,
): Change | undefined {
  if (before?.value === now?.value) return undefined;
  const named = now ?? before;
  const what = named?.label ?? named?.name ?? "";
  const [old, fresh] = [before?.shown, now?.shown];
  if (isAbsent(before)) return { what, how: "added", ...(fresh ? { after: fresh } : {}) };
  if (isAbsent(now)) return { what, how: "removed", ...(old ? { before: old } : {}) };
  const known = old !== undefined && fresh !== undefined;
  return { what, how: "changed", ...(known ? { before: old, after: fresh } : {}) };
}

function isAbsent(component: KeyComponent | undefined): boolean {
  return component === undefined || component.value === nothing;
}

function byName(components: readonly KeyComponent[]): ReadonlyMap<string, KeyComponent> {
  return new Map(components.map((component) => [component.name, component]));
}

function orderChange(
  before: readonly KeyComponent[],
  now: readonly KeyComponent[],
): Change | undefined {
  const [earlier, later] = [variablesOf(before), variablesOf(now)];
  if (earlier === later) return undefined;
  return { what: "order of ARG and ENV", how: "changed", before: earlier, after: later };
}

/** Only variables have an order of their own. */
function variablesOf(components: readonly KeyComponent[]): string {
  const names = components.map(({ name }) => /^variable (.*)/s.exec(name)?.[1]);
  return names.filter((name) => name !== undefined).join(" ");
}
