import { annotationKeys, ATTESTATION_MANIFEST, type Descriptor } from "./descriptor.js";
import type { Index } from "./image.js";
import { formatPlatform, normalizePlatform, type Platform } from "./platform.js";

/**
 * The manifest of an index that runs on `want`: the exact platform, else the best one that such a
 * machine runs too, else one that does not say what it is for.
 */
export function selectPlatform(index: Index, want: Platform): Descriptor | undefined {
  return selectPlatforms(index, want)[0];
}

/** As `selectPlatform`; of those that do not say what they are for all that may be meant. */
export function selectPlatforms(index: Index, want: Platform): readonly Descriptor[] {
  const images = index.manifests.filter((image) => !isAttestation(image));
  for (const name of runnable(normalizePlatform(want))) {
    const found = images.find(
      ({ platform }) => platform !== undefined && nameOf(platform) === name,
    );
    if (found !== undefined) return [found];
  }
  return images.filter(({ platform }) => platform === undefined);
}

/** The platforms of an index in words, for messages. */
export function listPlatforms(index: Index): readonly string[] {
  const images = index.manifests.filter((image) => !isAttestation(image));
  return images.flatMap(({ platform }) => (platform === undefined ? [] : [nameOf(platform)]));
}

/** BuildKit files provenance and SBOMs in the index beside the images that they describe. */
export function isAttestation({ platform, annotations }: Descriptor): boolean {
  return (
    platform?.os === "unknown" ||
    annotations?.[annotationKeys.attestationType] === ATTESTATION_MANIFEST
  );
}

function nameOf(platform: Platform): string {
  return formatPlatform(normalizePlatform(platform));
}

/** `want`, then what its processors run as well, best first. */
function* runnable(want: Platform): Generator<string> {
  const { os, architecture, variant } = want;
  yield formatPlatform(want);
  const level = Number(variant?.slice(1));
  switch (architecture) {
    case "amd64":
      for (let v = level - 1; v >= 2; v--) yield `${os}/amd64/v${v}`;
      if (variant !== undefined) yield `${os}/amd64`;
      yield `${os}/386`;
      break;
    case "arm64":
      if (variant !== undefined) yield `${os}/arm64`;
      for (let v = 8; v >= 5; v--) yield `${os}/arm/v${v}`;
      break;
    case "arm":
      for (let v = level - 1; v >= 5; v--) yield `${os}/arm/v${v}`;
      break;
  }
}
