import type { DoneStep, DoneSteps, MadeImage } from "../done-step.js";
import { stepIdentities, type StateKey } from "../key.js";
import type { FactStore } from "../rootfs-facts.js";
import type { StateOrigin } from "../first-change.js";
import type { StepCache } from "../records.js";
import { FAR_SCOPE, type CacheDocument, type TravelRecord } from "./record.js";

/** What a build can tell other machines. */
export interface Told {
  readonly steps: readonly DoneStep[];
  readonly facts: Pick<FactStore, "get">;
  readonly cache: Pick<StepCache, "ancestry">;
  /** The states of images and of whole stages. */
  readonly states: readonly StateKey[];
}

/** The steps whose layers are in these images (K24, mode=min). */
export function stepsOf(
  { steps }: Pick<DoneSteps, "steps">,
  images: readonly MadeImage[],
): readonly DoneStep[] {
  const own = new Set(images.flatMap(({ state }) => state.made));
  return steps.filter(({ layer }) => own.has(layer));
}

/** The part of a record that does not depend on how its layer is stored. */
export function describeStep({ step, place, facts }: DoneStep): Omit<TravelRecord, "layer"> {
  const components = facts?.components ?? [];
  return {
    kind: step.kind,
    title: step.title,
    ...(facts === undefined ? {} : { key: facts.key }),
    identities: stepIdentities(step, { scope: FAR_SCOPE, ...place }),
    components: components.map(({ name, value }) => ({ name, value })), // digests, and nothing else
  };
}

/** What is known here of the images below these steps. */
export function basesOf({ steps, cache }: Pick<Told, "cache" | "steps">): CacheDocument["bases"] {
  const bases = new Map<StateKey, StateOrigin>();
  for (const { parent } of steps) {
    const bottom = cache.ancestry(parent).at(-1);
    if (bottom === undefined || bottom.parent !== undefined) continue;
    const { key, ...origin } = bottom;
    bases.set(key, origin);
  }
  return [...bases];
}

/** Of what is told of one root filesystem, in bytes: a COPY of very many files asks very much. */
const LARGEST_FACTS = 1 << 15;

/** What is known here of the root filesystems of a build. */
export function factsOf({ steps, states, facts }: Omit<Told, "cache">): CacheDocument["facts"] {
  const asked = new Set([...steps.map(({ parent }) => parent), ...states]);
  return [...asked].flatMap((state) => {
    const known = facts.get(state);
    if (known === undefined || JSON.stringify(known).length > LARGEST_FACTS) return [];
    return [[state, known] as const];
  });
}
