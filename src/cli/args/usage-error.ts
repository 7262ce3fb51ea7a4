import { BuildError } from "../../error.js";

/** "Cannot use --ulimit "nofile": want TYPE=SOFT[:HARD]". */
export function badValue(flag: string, value: string, reason: string, hint?: string): BuildError {
  return new BuildError("USAGE", `Cannot use ${flag} "${value}": ${reason}`, { hint });
}

/** For what tsbuild knows and does not do yet. */
export function unsupported(what: string, hint?: string): BuildError {
  return new BuildError("UNSUPPORTED", `Cannot use ${what}: not supported yet`, { hint });
}
