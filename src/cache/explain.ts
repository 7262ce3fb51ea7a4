import type { KeyComponent } from "./key.js";

/** What an earlier run of the same step was made of. */
export interface EarlierRun {
  readonly components: readonly KeyComponent[];
}

/** Changes named before the rest is only counted. */
const NAMED = 3;

/**
 * Why a step is no hit, in a few words: "variable VERSION changed", "no earlier run". `above` is the
 * step that a change of the parent came from.
 */
export function explainMiss(
  components: readonly KeyComponent[],
  nearest: EarlierRun | undefined,
  above: string,
): string {
  if (nearest === undefined) return "no earlier run";
  const changed = changedComponents(nearest.components, components);
  const changes = [...changed].map(([name, text]) =>
    name === "parent" ? `${text} at ${above}` : text,
  );
  // Every part is the same: either the order of variables is not, or the result was removed.
  if (changes.length === 0) {
    return sameOrder(nearest.components, components)
      ? "its layer is gone"
      : "order of variables changed";
  }
  const more = changes.length - NAMED;
  return `${changes.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * What is told of each component that differs: "user changed". In the order of the key, and what is
 * no longer there at the end.
 */
export function changedComponents(
  before: readonly KeyComponent[],
  now: readonly KeyComponent[],
): ReadonlyMap<string, string> {
  const [earlier, later] = [valuesOf(before), valuesOf(now)];
  const changes = new Map<string, string>();
  for (const [name, value] of later) {
    const old = earlier.get(name);
    if (old === undefined) changes.set(name, `${name} added`);
    else if (old !== value) changes.set(name, `${name} changed`);
  }
  for (const name of earlier.keys()) if (!later.has(name)) changes.set(name, `${name} removed`);
  return changes;
}

function valuesOf(components: readonly KeyComponent[]): ReadonlyMap<string, string> {
  return new Map(components.map(({ name, value }) => [name, value]));
}

function sameOrder(before: readonly KeyComponent[], now: readonly KeyComponent[]): boolean {
  return (
    before.length === now.length && before.every(({ name }, index) => name === now[index]?.name)
  );
}
