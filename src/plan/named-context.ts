import {
  formatPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
} from "../oci/platform.js";
import type { NamedContext } from "./plan.js";

/** A `--build-context` with the name that it was given. */
export interface FoundContext {
  readonly name: string;
  readonly context: NamedContext;
}

/**
 * The `--build-context` that stands in for `name`, which may be a stage's or an image's (S22, C15,
 * B10). One that is for the platform alone ("name::linux/arm64") comes before one for all.
 */
export function findNamedContext(
  name: string,
  platform: Platform,
  contexts: ReadonlyMap<string, NamedContext>,
): FoundContext | undefined {
  if (["scratch", "context"].includes(name.toLowerCase())) return undefined;
  let forAll: FoundContext | undefined;
  for (const [given, context] of contexts) {
    const { own, only } = splitContextName(given);
    if (familiar(own) !== familiar(name)) continue;
    if (only === undefined) forAll ??= { name: given, context };
    else if (samePlatform(only, platform)) return { name: given, context };
  }
  return forAll;
}

/** The name of a `--build-context`, and the platform that it is for. */
export function splitContextName(given: string): {
  readonly own: string;
  readonly only: string | undefined;
} {
  const at = given.indexOf("::");
  return at < 0
    ? { own: given, only: undefined }
    : { own: given.slice(0, at), only: given.slice(at + 2) };
}

function samePlatform(text: string, platform: Platform): boolean {
  const wanted = formatPlatform(normalizePlatform(platform));
  return formatPlatform(parsePlatform(text)) === wanted;
}

/** The short spelling of an image name: "docker.io/library/alpine:latest" is "alpine". */
function familiar(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:index\.)?docker\.io\//, "")
    .replace(/^library\//, "")
    .replace(/:latest$/, "");
}
