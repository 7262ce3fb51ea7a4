import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { isObject } from "../oci/json-shape.js";
import { suggest } from "../suggest.js";
import { isSystemError } from "../sys/system-error.js";
import { atHome, given } from "./environment.js";
import type { Io } from "./io.js";

/** Where a user keeps settings: XDG_CONFIG_HOME, else ~/.config. */
export function userConfiguration(env: Io["env"]): string {
  return given(env, "XDG_CONFIG_HOME") ?? atHome(env, ".config");
}

/** The values of the configuration file's settings; who needs one checks it. */
export interface ConfigFile {
  readonly path: string;
  readonly gc: unknown;
  readonly registries: unknown;
}

/** Where tsbuild's own configuration file is. */
export function configPath(env: Io["env"]): string {
  return join(userConfiguration(env), "tsbuild", "config.json");
}

/** What tsbuild's own configuration file says; a missing one says nothing. */
export function readConfigFile(env: Io["env"]): ConfigFile {
  const path = configPath(env);
  const { gc = {}, registries = {}, ...rest } = readObject(path);
  refuseOthers(rest, ["gc", "registries"], { path, what: "there is" });
  return { path, gc, registries };
}

/** Throws USAGE when there are settings besides those that were read, which have the names `known`. */
export function refuseOthers(
  rest: Readonly<Record<string, unknown>>,
  known: readonly string[],
  { path, what }: { readonly path: string; readonly what: string },
): void {
  const [unknown] = Object.keys(rest);
  if (unknown === undefined) return;
  const near = suggest(unknown, known);
  const hint = near === undefined ? `there are ${known.join(", ")}` : `did you mean "${near}"?`;
  throw invalidConfig(path, `${what} no setting "${unknown}"`, hint);
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidConfig(path, error.message);
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return {};
    if (isSystemError(error, "EISDIR")) throw invalidConfig(path, "it is a directory");
    throw error;
  }
  throw invalidConfig(path, "it is not a JSON object");
}

/** Something is wrong with the configuration file. */
export function invalidConfig(path: string, why: string, hint?: string): BuildError {
  return new BuildError("USAGE", `Cannot use the configuration file "${path}": ${why}`, { hint });
}
