import type { BuildError } from "../../error.js";
import { suggest } from "../../suggest.js";
import { annotationKey, type Annotation } from "./annotation.js";
import { KeyValues } from "./key-values.js";
import { unsupported } from "./usage-error.js";

const imageKeys = [
  "compression",
  "compression-level",
  "force-compression",
  "name",
  "oci-artifact",
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
const treeKeys = ["dest", "attestation-prefix", "platform-split", "source-date-epoch"] as const;

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
  ["attestation-inline", "attestations that are asked for are always beside the image"],
  ["buildinfo", "BuildKit removed it, too"],
  ["compatibility-version", "it chooses among versions of BuildKit"],
  ["context", "set DOCKER_HOST to say which engine loads the image"],
  ["danging-name-empty-only", "that is always so: only an image without a name gets one"],
]);

/** The keys and values of one `--output`. */
export class OutputKeys extends KeyValues {
  readonly type: OutputType;
  readonly annotations: readonly Annotation[];

  /** Reads CSV of KEY=VALUE. */
  constructor(text: string) {
    super("--output", text);
    this.type = this.#readType(this.pairs.findLast(([key]) => key === "type")?.[1]);
    const allowed: readonly string[] = ["type", ...supported[this.type]];
    const annotations: Annotation[] = [];
    for (const [key, value] of this.pairs) {
      if (allowed.includes(key)) continue;
      const annotation = takes(this.type, "compression")
        ? annotationKey(text, key, value)
        : undefined;
      if (annotation === undefined) throw this.#unknown(key);
      annotations.push(annotation);
    }
    this.annotations = annotations;
  }

  /** Where the result goes; undefined when that is left open. */
  get dest(): string | undefined {
    if (this.has("dest") && this.get("dest") === undefined) throw this.wrong("dest is empty");
    return this.get("dest");
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
