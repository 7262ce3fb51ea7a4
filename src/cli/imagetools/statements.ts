import { annotationKeys, type Descriptor } from "../../oci/descriptor.js";
import { parseDocument } from "../../oci/image-json.js";
import { isObject, parseJson } from "../../oci/json-shape.js";
import type { Source } from "./source.js";

/** The types of what attestations say (in-toto, "predicateType"). */
export const predicates = {
  provenance: /^https:\/\/slsa\.dev\/provenance\//,
  sbom: /^https:\/\/spdx\.dev\/Document/,
} as const;

/** What the statements of a kind in an attestation say, under buildx's names for them. */
export async function readStatements(
  attestation: Descriptor,
  source: Source,
  predicate: RegExp,
): Promise<object | undefined> {
  const document = parseDocument(await source.read(attestation), attestation.mediaType);
  if (document.kind !== "manifest") return undefined;
  const layers = document.manifest.layers.filter(({ annotations }) =>
    predicate.test(annotations?.[annotationKeys.predicateType] ?? ""),
  );
  const said: unknown[] = [];
  for (const layer of layers) {
    const statement = parseJson(await source.read(layer), "attestation");
    said.push(isObject(statement) ? statement["predicate"] : undefined);
  }
  const [first, ...others] = said;
  if (first === undefined) return undefined;
  if (predicate === predicates.provenance) return { SLSA: first };
  return { SPDX: first, ...(others.length === 0 ? {} : { AdditionalSPDXs: others }) };
}
