import type { DoneStep, DoneSteps, MadeImage } from "../done-step.js";
import { unpackFacts } from "../file-facts.js";
import { originOf, type StateKey } from "../key.js";
import { stepIdentities } from "../step-identity.js";
import type { FactStore } from "../rootfs-facts.js";
import type { StepCache } from "../records.js";
import { REMOTE_SCOPE, LARGEST_FILES, type CacheDocument, type RemoteRecord } from "./record.js";

/** What a build can tell other machines. */
export interface Told {
  readonly steps: readonly DoneStep[];
  readonly facts: Pick<FactStore, "get">;
  readonly cache: Pick<StepCache, "filesBy">;
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
export function describeStep({ step, place, facts }: DoneStep): Omit<RemoteRecord, "layer"> {
  const components = facts?.components ?? [];
  return {
    kind: step.kind,
    title: step.title,
    ...(facts === undefined ? {} : { key: facts.key }),
    identities: stepIdentities(step, { scope: REMOTE_SCOPE, ...place }),
    components: components.map(({ name, value }) => ({ name, value })), // digests, and nothing else
  };
}

/** What a COPY selected, where that is known and not too much; of a layer that nobody fetched, as it came. */
export async function filesOf(
  { facts, layer, step }: DoneStep,
  { cache }: Pick<Told, "cache">,
): Promise<string | undefined> {
  if (step.kind !== "copy" || facts === undefined) return undefined;
  const packed =
    "fetch" in layer && layer.fetched() === undefined ? layer.files : cache.filesBy(facts.key);
  const origin = originOf(facts.components);
  if (packed === undefined || packed.byteLength > LARGEST_FILES || origin === undefined)
    return undefined;
  const isRight = (await unpackFacts(origin, packed)) !== undefined; // another run may have come later
  return isRight ? Buffer.from(packed).toString("base64") : undefined;
}

/** The images below these steps. */
export function basesOf(steps: readonly DoneStep[]): CacheDocument["bases"] {
  return [...new Map(steps.map(({ bottom: { key, ...origin } }) => [key, origin]))];
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
