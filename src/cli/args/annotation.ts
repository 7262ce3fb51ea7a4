import { BuildError } from "../../error.js";
import { parsePlatform, type Platform } from "../../oci/platform.js";
import { suggest } from "../../suggest.js";
import { badValue } from "./usage-error.js";

/** A line to write into an image's manifest or index, or into the descriptor that leads to it. */
export interface Annotation {
  readonly place: (typeof places)[number];
  /** Only in the image for this platform. */
  readonly platform: Platform | undefined;
  readonly key: string;
  readonly value: string;
}

const places = ["manifest", "manifest-descriptor", "index", "index-descriptor"] as const;

/** Reads `--annotation [TYPE[PLATFORM],…:]KEY=VALUE` (F03). */
export function parseAnnotation(text: string): readonly Annotation[] {
  const colon = text.slice(0, Math.max(text.indexOf("="), 0)).indexOf(":");
  const types = colon < 0 ? ["manifest"] : splitTypes(text.slice(0, colon));
  const [key, value] = splitPair("--annotation", text, text.slice(colon + 1));
  return types.map((type) => annotation({ flag: "--annotation", text, type, key, value }));
}

/** Reads a key of `--output`: `annotation[-TYPE][PLATFORM].KEY`; undefined when it is another key. */
export function annotationKey(text: string, name: string, value: string): Annotation | undefined {
  const match = /^annotation(?:-([a-z-]+))?(\[[^\]]*\])?\.(.+)$/s.exec(name);
  if (match === null) return undefined;
  const [, type = "manifest", platform = "", key = ""] = match;
  return annotation({ flag: "--output", text, type: `${type}${platform}`, key, value });
}

interface Written {
  readonly flag: string;
  readonly text: string;
  readonly type: string;
  readonly key: string;
  readonly value: string;
}

function annotation({ flag, text, type, key, value }: Written): Annotation {
  const [, word = type, platform] = /^([^[]*)(?:\[(.*)\])?$/s.exec(type) ?? [];
  const place = places.find((known) => known === word);
  if (place === undefined) {
    const near = suggest(word, places);
    const all = `the types are ${places.join(", ")}`;
    const hint = near === undefined ? all : `did you mean "${near}"?`;
    throw badValue(flag, text, `no annotation is of type "${word}"`, hint);
  }
  return { place, platform: readPlatform(flag, text, platform), key, value };
}

/** Platforms may have no comma, so that one outside of brackets separates. */
function splitTypes(text: string): readonly string[] {
  return text.split(",").map((type) => type.trim());
}

function splitPair(flag: string, text: string, pair: string): readonly [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 1) throw badValue(flag, text, "want KEY=VALUE");
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function readPlatform(flag: string, text: string, word: string | undefined): Platform | undefined {
  if (word === undefined) return undefined;
  try {
    return parsePlatform(word);
  } catch (error) {
    if (error instanceof BuildError) throw badValue(flag, text, `"${word}" is not a platform`);
    throw error;
  }
}
