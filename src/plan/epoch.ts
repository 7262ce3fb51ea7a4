import { BuildError } from "../error.js";
import type { Setting } from "./setting.js";

const NAME = "SOURCE_DATE_EPOCH";

/** The time that nothing new may be after: a build argument, else a global ARG; empty is none (T01). */
export function readEpoch({ globals, options }: Setting): number | undefined {
  const value = options.buildArgs.get(NAME) ?? globals.get(NAME) ?? "";
  // "context" is the time of a remote context (T02); a directory has none
  if (value === "" || value === "context") return undefined;
  if (/^\d{1,12}$/.test(value)) return Number(value);
  throw new BuildError("USAGE", `Cannot use ${NAME} "${value}": want seconds since 1970`);
}
