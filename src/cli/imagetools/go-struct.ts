import { isRecord, struct } from "../format/template-value.js";

/** Keys of JSON whose fields have other names in Go than with a capital. */
const names: Readonly<Record<string, string>> = {
  os: "OS",
  "os.version": "OSVersion",
  "os.features": "OSFeatures",
  rootfs: "RootFS",
  diff_ids: "DiffIDs",
  created_by: "CreatedBy",
  empty_layer: "EmptyLayer",
};

/** Whose members have names of the user's own. */
const maps = new Set(["annotations", "ExposedPorts", "Labels", "Volumes"]);

/** JSON of an image as a template of docker's sees it: by the names of Go's fields, too. */
export function goStruct(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(goStruct);
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).map(([key, item]) => {
    return [key, maps.has(key) ? item : goStruct(item)] as const;
  });
  const aliases = fields.map(([key, item]) => [names[key] ?? capital(key), item] as const);
  return struct(Object.fromEntries(fields), Object.fromEntries(aliases));
}

function capital(key: string): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}
