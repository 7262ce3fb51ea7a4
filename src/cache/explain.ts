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
  const changes = differences(valuesOf(nearest.components), valuesOf(components)).map((change) =>
    change === "parent changed" ? `${change} at ${above}` : change,
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

type Values = ReadonlyMap<string, string>;

function valuesOf(components: readonly KeyComponent[]): Values {
  return new Map(components.map(({ name, value }) => [name, value]));
}

/** In the order of the key, and what is no longer there at the end. */
function differences(before: Values, now: Values): readonly string[] {
  const changes: string[] = [];
  for (const [name, value] of now) {
    const earlier = before.get(name);
    if (earlier === undefined) changes.push(`${name} added`);
    else if (earlier !== value) changes.push(`${name} changed`);
  }
  for (const name of before.keys()) if (!now.has(name)) changes.push(`${name} removed`);
  return changes;
}

function sameOrder(before: readonly KeyComponent[], now: readonly KeyComponent[]): boolean {
  return (
    before.length === now.length && before.every(({ name }, index) => name === now[index]?.name)
  );
}
