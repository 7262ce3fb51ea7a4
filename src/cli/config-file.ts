import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { isObject } from "../oci/json-shape.js";
import { isSystemError } from "../sys/syscalls.js";
import type { Io } from "./io.js";

/** Where a user keeps settings: XDG_CONFIG_HOME, else ~/.config. */
export function userConfiguration(env: Io["env"]): string {
  const given = env["XDG_CONFIG_HOME"];
  if (given !== undefined && given !== "") return given;
  return join(env["HOME"] ?? homedir(), ".config");
}

/** What tsbuild's own configuration file says; a missing one says nothing. */
export function readConfigFile(env: Io["env"]): {
  readonly path: string;
  readonly registries: unknown;
} {
  const path = join(userConfiguration(env), "tsbuild", "config.json");
  const { registries = {}, ...rest } = readObject(path);
  const [unknown] = Object.keys(rest);
  if (unknown === undefined) return { path, registries };
  throw invalid(path, `there is no setting "${unknown}"`);
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(path, error.message);
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return {};
    throw error;
  }
  throw invalid(path, "it is no JSON object");
}

function invalid(path: string, why: string): BuildError {
  return new BuildError("USAGE", `Cannot use the configuration file "${path}": ${why}`);
}
