import { BuildError } from "../../error.js";
import { suggest } from "../../suggest.js";
import { splitCsv } from "./csv.js";
import { dockerHint } from "./unsupported.js";
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

/** The keys of each type that work here. */
const supported = {
  local: ["dest"],
  tar: ["dest"],
  oci: ["dest", "name", "tar"],
  docker: ["dest", "name"],
  image: ["name", "push"],
  registry: ["name", "push"],
  cacheonly: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type OutputType = keyof typeof supported;

/** What docker buildx knows besides: named in the answer, so that nobody looks for a typing error. */
const known = [
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

interface Keys {
  readonly type: OutputType;
  readonly values: ReadonlyMap<string, string>;
}

function readKeys(text: string, fields: readonly string[]): Keys {
  const values = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals < 1) throw badValue("--output", text, `"${field}" is not KEY=VALUE`);
    values.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const type = readType(text, values.get("type"));
  const allowed: readonly string[] = ["type", ...supported[type]];
  for (const key of values.keys()) {
    if (!allowed.includes(key)) throw unknownKey(text, type, key);
  }
  return { type, values };
}

function readType(text: string, type: string | undefined): OutputType {
  const hint = `the types are ${Object.keys(supported).join(", ")}`;
  if (type === undefined) throw badValue("--output", text, "the type is missing", hint);
  if (isOutputType(type)) return type;
  const near = suggest(type, Object.keys(supported));
  const better = near === undefined ? hint : `did you mean "${near}"?`;
  throw badValue("--output", text, `no output is of type "${type}"`, better);
}

function isOutputType(type: string): type is OutputType {
  return Object.hasOwn(supported, type);
}

function fromKeys(text: string, { type, values }: Keys): OutputSpec {
  const names = splitNames(values.get("name"));
  const dest = values.get("dest");
  if (dest === "") throw badValue("--output", text, "dest is empty");
  switch (type) {
    case "local":
      if (dest === undefined) throw badValue("--output", text, "type=local needs dest=DIRECTORY");
      return { type, dest };
    case "tar":
      return { type, dest: dest ?? "-" };
    case "oci":
      return { type, dest: dest ?? "-", tar: parseBoolean(text, "tar", values) ?? true, names };
    case "docker":
      if (dest === undefined) throw unsupported(`--output "${text}"`, dockerHint);
      return { type, dest, names };
    case "image":
      return { type, push: parseBoolean(text, "push", values) ?? false, names };
    case "registry":
      return { type: "image", push: parseBoolean(text, "push", values) ?? true, names };
    case "cacheonly":
      return { type };
  }
}

function splitNames(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : value.split(",").map((name) => name.trim());
}

function parseBoolean(
  text: string,
  key: string,
  values: ReadonlyMap<string, string>,
): boolean | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (/^(true|1)$/i.test(value)) return true;
  if (/^(false|0)$/i.test(value)) return false;
  throw badValue("--output", text, `${key} is "${value}", want true or false`);
}

function unknownKey(text: string, type: OutputType, key: string): BuildError {
  if (known.includes(key) || key.startsWith("annotation")) {
    return unsupported(`the key "${key}" of --output`);
  }
  const keys = ["type", ...supported[type]];
  const near = suggest(key, keys);
  const all = `type=${type} takes ${keys.join(", ")}`;
  const hint = near === undefined ? all : `did you mean "${near}"?`;
  return badValue("--output", text, `type=${type} has no key "${key}"`, hint);
}
