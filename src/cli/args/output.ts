import { BuildError } from "../../error.js";
import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import { badValue, unsupported } from "./usage-error.js";

/** Where a result goes. A `dest` of "-" is standard output. */
export type OutputSpec =
  | { readonly type: "local"; readonly dest: string }
  | { readonly type: "tar"; readonly dest: string }
  /** `tar: false` writes the layout as a directory. Without `names` the image has the tags. */
  | {
      readonly type: "oci";
      readonly dest: string;
      readonly tar: boolean;
      readonly names: readonly string[];
    }
  | { readonly type: "docker"; readonly dest: string; readonly names: readonly string[] }
  | { readonly type: "image"; readonly push: boolean; readonly names: readonly string[] }
  | { readonly type: "cacheonly" };

const types = ["local", "tar", "oci", "docker", "image", "registry", "cacheonly"];

/** The keys of each type that work here. */
const supported: Readonly<Record<string, readonly string[]>> = {
  local: ["dest"],
  tar: ["dest"],
  oci: ["dest", "name", "tar"],
  docker: ["dest", "name"],
  image: ["name", "push"],
  registry: ["name", "push"],
  cacheonly: [],
};

/** What docker buildx knows besides: named in the answer, so that nobody looks for a typing error. */
const known = [
  "annotation",
  "attestation-inline",
  "attestation-prefix",
  "compression",
  "compression-level",
  "context",
  "dangling-name-prefix",
  "force-compression",
  "mode",
  "name-canonical",
  "oci-artifact",
  "oci-mediatypes",
  "platform-split",
  "prefer-nondist-layers",
  "push-by-digest",
  "registry.insecure",
  "rewrite-timestamp",
  "source-date-epoch",
  "store",
  "unpack",
];

/** Reads `--output`: CSV of key=value with a type, a bare path (type=local), or "-" (a tar). */
export function parseOutput(text: string): OutputSpec {
  if (text === "-") return { type: "tar", dest: "-" };
  const fields = splitCsv("--output", text);
  if (fields.length === 1 && !text.includes("=")) {
    if (text === "") throw badValue("--output", text, "want a path, or type=…");
    return { type: "local", dest: text };
  }
  return fromKeys(text, readKeys(text, fields));
}

function readKeys(text: string, fields: readonly string[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals < 1) throw badValue("--output", text, `"${field}" is not KEY=VALUE`);
    keys.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const type = keys.get("type");
  if (type === undefined) throw badValue("--output", text, "the type is missing", typesHint());
  const allowed = supported[type];
  if (allowed === undefined) throw unknownType(text, type);
  for (const key of keys.keys()) {
    if (key !== "type" && !allowed.includes(key)) throw unknownKey(text, type, key);
  }
  return keys;
}

function fromKeys(text: string, keys: ReadonlyMap<string, string>): OutputSpec {
  const names = splitNames(keys.get("name"));
  const dest = keys.get("dest");
  if (dest === "") throw badValue("--output", text, "dest is empty");
  const type = keys.get("type");
  switch (type) {
    case "local":
      if (dest === undefined) throw badValue("--output", text, "type=local needs dest=DIRECTORY");
      return { type, dest };
    case "tar":
      return { type, dest: dest ?? "-" };
    case "oci":
      return { type, dest: dest ?? "-", tar: parseBoolean(text, "tar", keys) ?? true, names };
    case "docker":
      if (dest === undefined) throw needsEngine(`--output "${text}"`);
      return { type, dest, names };
    case "image":
      return { type, push: parseBoolean(text, "push", keys) ?? false, names };
    case "registry":
      return { type: "image", push: parseBoolean(text, "push", keys) ?? true, names };
    case undefined:
    case "cacheonly":
    default:
      return { type: "cacheonly" };
  }
}

/** Docker's engine is not ours to fill. */
export function needsEngine(what: string): BuildError {
  const hint = "the image is in tsbuild's own store; for Docker: tsbuild save NAME | docker load";
  return unsupported(what, hint);
}

function splitNames(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : value.split(",").map((name) => name.trim());
}

function parseBoolean(
  text: string,
  key: string,
  keys: ReadonlyMap<string, string>,
): boolean | undefined {
  const value = keys.get(key);
  if (value === undefined) return undefined;
  if (/^(true|1)$/i.test(value)) return true;
  if (/^(false|0)$/i.test(value)) return false;
  throw badValue("--output", text, `${key} is "${value}", want true or false`);
}

function unknownType(text: string, type: string): BuildError {
  const near = suggest(type, types);
  const hint = near === undefined ? typesHint() : `did you mean "${near}"?`;
  return badValue("--output", text, `no output is of type "${type}"`, hint);
}

function unknownKey(text: string, type: string, key: string): BuildError {
  if (known.includes(key) || key.startsWith("annotation"))
    return unsupported(`--output key "${key}"`);
  const keys = ["type", ...(supported[type] ?? [])];
  const near = suggest(key, keys);
  const hint =
    near === undefined ? `type=${type} takes ${keys.join(", ")}` : `did you mean "${near}"?`;
  return badValue("--output", text, `type=${type} has no key "${key}"`, hint);
}

function typesHint(): string {
  return `the types are ${types.join(", ")}`;
}
