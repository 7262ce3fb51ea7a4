import { BuildError, type Span } from "../error.js";
import { splitCsv } from "../parser/csv.js";
import type { Flag } from "../parser/instruction.js";
import { suggest } from "../suggest.js";
import { parseGoBoolean } from "../go-boolean.js";

/** `RUN --device`: a device of the machine, as the Container Device Interface (CDI) names them. */
export interface RunDevice {
  /** The flag. */
  readonly at: Span;
  /** `vendor/class=name`; a class for a name, "*" or nothing after the class say which of them. */
  readonly name: string;
  /** Otherwise a machine without it runs the step all the same. */
  readonly required: boolean;
}

/** What is written in place of a device's name, and the name (`--allow device=NAME,alias=WRITTEN`). */
export type DeviceAliases = ReadonlyMap<string, string>;

/** The devices of a RUN, in their order (R12). */
export function readDevices(
  flags: readonly Flag[],
  aliases: DeviceAliases = new Map(),
): readonly RunDevice[] {
  return flags
    .filter(({ name }) => name === "device")
    .map(({ value = "", at }) => {
      const { name, required } = readOptions(value, at);
      return { at, name: checkName(aliases.get(name) ?? name, value, at), required };
    });
}

/** `[name=]NAME[,required[=BOOL]]`: the first field that is no option is the name. */
function readOptions(text: string, at: Span): Pick<RunDevice, "name" | "required"> {
  const fields = splitCsv(text);
  if (fields === undefined) throw badDevice(text, at, "a quote is not closed");
  let name = "";
  let required = false;
  for (const field of fields) {
    const [key = "", ...rest] = field.split("=");
    const value = field === key ? undefined : rest.join("=");
    if (/^required$/i.test(key)) required = value === undefined || readBoolean(value, text, at);
    else if (name === "") name = /^name$/i.test(key) ? (value ?? "") : field;
    else throw unexpected(field, text, at);
  }
  return { name, required };
}

function readBoolean(value: string, text: string, at: Span): boolean {
  const boolean = parseGoBoolean(value);
  if (boolean !== undefined) return boolean;
  throw badDevice(text, at, `invalid value "${value}" for required`, "use true or false");
}

function unexpected(field: string, text: string, at: Span): BuildError {
  const [key = ""] = field.split("=", 1);
  const near = suggest(key.toLowerCase(), ["required"]);
  const hint = near === undefined ? "one flag names one device" : `did you mean "${near}"?`;
  return badDevice(text, at, `unexpected "${field}" after its name`, hint);
}

/** VENDOR/CLASS. */
const deviceKind = /^[a-z](?:[\w.-]*[a-z0-9])?\/[a-z](?:[\w.-]*[a-z0-9])?$/i;

function checkName(name: string, text: string, at: Span): string {
  const [kind = ""] = name.split("=", 1);
  if (deviceKind.test(kind)) return name;
  const hint = "such as nvidia.com/gpu=0, nvidia.com/gpu=all or nvidia.com/gpu=*";
  throw badDevice(text, at, `invalid device "${name}": want VENDOR/CLASS[=NAME]`, hint);
}

function badDevice(text: string, at: Span, why: string, hint?: string): BuildError {
  return new BuildError("SYNTAX", `Cannot use --device=${text}: ${why}`, { at, hint });
}
