import type { DoneSteps, MadeImage } from "../done-step.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { inlineCacheKey, type ImageConfig, type Manifest } from "../../oci/image.js";
import { isObject } from "../../oci/json-shape.js";
import type { LayerRecord } from "../../store/layers.js";
import { basesOf, describeStep, factsOf, stepsOf, type Told } from "./describe-step.js";
import { assertDocument } from "./read-record.js";
import type { CacheDocument } from "./record.js";

/** What an inline cache is made of. */
export interface InlineOptions extends Pick<Told, "facts"> {
  readonly result: DoneSteps;
  /** Whose config it goes into. */
  readonly built: MadeImage;
}

/**
 * The config of an image with the cache of its steps in it; `layers` are those of the image, which may
 * have other times than those that the steps made. Which blob each comes as is the manifest's to tell.
 */
export function withInlineCache(
  config: ImageConfig,
  layers: readonly LayerRecord[],
  { built, result, facts }: InlineOptions,
): ImageConfig {
  const { made } = built.state;
  const own = stepsOf(result, [built]);
  const steps = own.flatMap((done) => {
    const layer = layers[layers.length - made.length + made.indexOf(done.layer)];
    if (layer === undefined) return [];
    const { diffId, tree, size } = layer;
    const { createdAt } = done.layer;
    return [{ ...describeStep(done), layer: { diffId, tree, size, createdAt } }];
  });
  const told = {
    facts: factsOf({ steps: own, states: result.states, facts }),
    bases: basesOf(own),
  };
  return Object.assign({}, config, { [inlineCacheKey]: { steps, ...told } });
}

/** The cache in an image; undefined where it has none. INVALID_IMAGE when it cannot be read. */
export function inlineDocument(config: ImageConfig, manifest: Manifest): CacheDocument | undefined {
  const found: unknown = Reflect.get(config, inlineCacheKey);
  if (!isObject(found)) return undefined;
  const { diff_ids } = config.rootfs;
  const blobs = new Map<unknown, Descriptor | undefined>(
    diff_ids.map((diffId, index) => [diffId, manifest.layers[index]]),
  );
  const withBlob = (step: unknown): unknown => {
    if (!isObject(step) || !isObject(step["layer"])) return step;
    return { ...step, layer: { ...step["layer"], blob: blobs.get(step["layer"]["diffId"]) } };
  };
  const steps = Array.isArray(found["steps"]) ? found["steps"].map(withBlob) : found["steps"];
  const document: unknown = { ...found, steps };
  assertDocument(document);
  return document;
}
