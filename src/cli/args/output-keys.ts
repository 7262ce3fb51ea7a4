import type { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../parser/go-boolean.js";
import { suggest } from "../../suggest.js";
import { annotationKey, type Annotation } from "./annotation.js";
import { splitCsv } from "./csv.js";
import { badValue, unsupported } from "./usage-error.js";

const imageKeys = [
  "compression",
  "compression-level",
  "force-compression",
  "name",
  "oci-mediatypes",
  "prefer-nondist-layers",
  "rewrite-timestamp",
  "source-date-epoch",
] as const;
const storeKeys = [
  "dangling-name-prefix",
  "name-canonical",
  "push",
  "push-by-digest",
  "registry.insecure",
  "store",
  "unpack",
] as const;
const treeKeys = ["dest", "platform-split", "source-date-epoch"] as const;

/** The keys of each type that work here. */
const supported = {
  local: [...treeKeys, "mode"],
  tar: treeKeys,
  oci: ["dest", "tar", ...imageKeys],
  docker: ["dest", ...imageKeys],
  image: [...imageKeys, ...storeKeys],
  registry: [...imageKeys, ...storeKeys],
  cacheonly: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What `type` may be. */
export type OutputType = keyof typeof supported;

const types = Object.keys(supported);

/** Why a key that docker buildx knows cannot be used: so that nobody looks for a typing error. */
const refused: ReadonlyMap<string, string | undefined> = new Map([
  ["attestation-inline", "tsbuild makes no attestations"],
  ["attestation-prefix", "tsbuild makes no attestations"],
  ["buildinfo", "BuildKit removed it, too"],
  ["compatibility-version", "it chooses among versions of BuildKit"],
  ["context", "set DOCKER_HOST to say which engine loads the image"],
  ["danging-name-empty-only", "it is always so: only an image without a name gets one"],
  ["oci-artifact", "tsbuild makes no attestations"],
]);

/** The keys and values of one `--output`. */
export class OutputKeys {
  readonly type: OutputType;
  readonly annotations: readonly Annotation[];
  readonly #text: string;
  readonly #values: ReadonlyMap<string, string>;

  /** Reads CSV of KEY=VALUE. */
  constructor(text: string) {
    this.#text = text;
    const pairs = splitCsv("--output", text).map((field) => this.#pair(field));
    this.type = this.#readType(pairs.findLast(([key]) => key === "type")?.[1]);
    const allowed: readonly string[] = ["type", ...supported[this.type]];
    const annotations: Annotation[] = [];
    for (const [key, value] of pairs) {
      if (allowed.includes(key)) continue;
      const annotation = takes(this.type, "compression")
        ? annotationKey(text, key, value)
        : undefined;
      if (annotation === undefined) throw this.#unknown(key);
      annotations.push(annotation);
    }
    this.annotations = annotations;
    this.#values = new Map(pairs);
  }

  /** The value of a key; an empty one counts as none. */
  get(key: string): string | undefined {
    const value = this.#values.get(key);
    return value === "" ? undefined : value;
  }

  /** Where the result goes; undefined when that is left open. */
  get dest(): string | undefined {
    if (this.#values.get("dest") === "") throw this.wrong("dest is empty");
    return this.#values.get("dest");
  }

  /** The value of a switch. */
  boolean(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const given = parseGoBoolean(value);
    if (given !== undefined) return given;
    throw this.wrong(`${key} is "${value}", want true or false`);
  }

  /** The value of a key that takes a number from 0 to `most`. */
  number(key: string, most: number): number | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    if (/^\d{1,15}$/.test(value) && Number(value) <= most) return Number(value);
    throw this.wrong(`${key} is "${value}", want a number from 0 to ${most}`);
  }

  /** The value of a key that takes one of a few words. */
  word<T extends string>(key: string, words: readonly T[]): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = suggest(value, words);
    const hint = near === undefined ? undefined : `did you mean "${near}"?`;
    throw this.wrong(`${key} is "${value}", want ${words.join(", ")}`, hint);
  }

  /** The error about the whole of it. */
  wrong(reason: string, hint?: string): BuildError {
    return badValue("--output", this.#text, reason, hint);
  }

  #pair(field: string): readonly [string, string] {
    const equals = field.indexOf("=");
    if (equals < 1) throw this.wrong(`"${field}" is not KEY=VALUE`);
    const key = field.slice(0, equals).trim();
    // an annotation's own key is the user's
    return [key.startsWith("annotation") ? key : key.toLowerCase(), field.slice(equals + 1)];
  }

  #readType(type: string | undefined): OutputType {
    const hint = `the types are ${types.join(", ")}`;
    if (type === undefined) throw this.wrong("the type is missing", hint);
    if (isOutputType(type)) return type;
    const near = suggest(type, types);
    const better = near === undefined ? hint : `did you mean "${near}"?`;
    throw this.wrong(`no output is of type "${type}"`, better);
  }

  #unknown(key: string): BuildError {
    if (refused.has(key)) return unsupported(`the key "${key}" of --output`, refused.get(key));
    return this.wrong(`type=${this.type} has no key "${key}"`, this.#hintFor(key));
  }

  #hintFor(key: string): string {
    const owners = types.filter((type) => isOutputType(type) && takes(type, key));
    if (owners.length > 0) return `it is a key of type=${owners.join(", type=")}`;
    const keys = ["type", ...supported[this.type]];
    const near = suggest(key, keys);
    return near === undefined
      ? `type=${this.type} takes ${keys.join(", ")}`
      : `did you mean "${near}"?`;
  }
}

function isOutputType(type: string): type is OutputType {
  return Object.hasOwn(supported, type);
}

function takes(type: OutputType, key: string): boolean {
  const keys: readonly string[] = supported[type];
  return keys.includes(key);
}
