import type { Descriptor } from "../../oci/descriptor.js";
import { parseDocument } from "../../oci/image-json.js";
import { isObject, parseJson } from "../../oci/json-shape.js";
import type { Source } from "./source.js";

/** The types of what attestations say (in-toto, "predicateType"). */
export const predicates = {
  provenance: /^https:\/\/slsa\.dev\/provenance\//,
  sbom: /^https:\/\/spdx\.dev\/Document/,
} as const;

/** What the first statement of a kind in an attestation says, under buildx's name for that kind. */
export async function readStatements(
  attestation: Descriptor,
  source: Source,
  predicate: RegExp,
): Promise<object | undefined> {
  const document = parseDocument(await source.read(attestation), attestation.mediaType);
  if (document.kind !== "manifest") return undefined;
  const layer = document.manifest.layers.find(({ annotations }) =>
    predicate.test(annotations?.["in-toto.io/predicate-type"] ?? ""),
  );
  if (layer === undefined) return undefined;
  const statement = parseJson(await source.read(layer), "attestation");
  const said = isObject(statement) ? statement["predicate"] : undefined;
  return { [predicate === predicates.sbom ? "SPDX" : "SLSA"]: said };
}
