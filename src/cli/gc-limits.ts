import { statfsSync } from "node:fs";
import { isObject } from "../oci/json-shape.js";
import type { SpaceLimits } from "../store/eviction.js";
import { bytesOf, parseSpace, type Space } from "./args/space.js";
import { invalidConfig, refuseOthers, type ConfigFile } from "./config-file.js";
import { given } from "./environment.js";
import type { Io } from "./io.js";

/** When garbage is collected by itself. */
export interface GarbageConfig {
  readonly enabled: boolean;
  readonly maxUsedSpace: Space | undefined;
  readonly minFreeSpace: Space | undefined;
  readonly reservedSpace: Space | undefined;
}

/** Reads the value of "gc" in the configuration file; TSBUILD_MAX_USED_SPACE counts instead of its own. */
export function garbageConfig(
  { path, gc }: Omit<ConfigFile, "registries">,
  env: Io["env"],
): GarbageConfig {
  if (!isObject(gc)) throw invalidConfig(path, 'the value of "gc" is not a JSON object');
  const { enabled = true, maxUsedSpace, minFreeSpace, reservedSpace, ...rest } = gc;
  const known = ["enabled", "maxUsedSpace", "minFreeSpace", "reservedSpace"];
  refuseOthers(rest, known, { path, what: '"gc" has' });
  if (typeof enabled !== "boolean")
    throw invalidConfig(path, '"enabled" is neither true nor false');
  const read = (name: string, value: unknown): Space | undefined => {
    if (value === undefined) return undefined;
    if (typeof value === "string") return parseSpace(name, value);
    if (Number.isSafeInteger(value) && Number(value) >= 0) return { bytes: Number(value) };
    throw invalidConfig(path, `"${name}" is not a size`, 'such as "20GB" or "10%"');
  };
  const variable = "TSBUILD_MAX_USED_SPACE";
  return {
    enabled,
    maxUsedSpace: read(variable, given(env, variable)) ?? read("maxUsedSpace", maxUsedSpace),
    minFreeSpace: read("minFreeSpace", minFreeSpace),
    reservedSpace: read("reservedSpace", reservedSpace),
  };
}

/** Bytes of the disk that the store at `root` is on. */
export function diskSize(root: string): number {
  const { blocks, bsize } = statfsSync(root);
  return blocks * bsize;
}

const GB = 1e9;

/**
 * To what garbage is collected by itself on a disk of that size; undefined: never. The defaults are
 * BuildKit's (SEMANTICS K28); who lowers the limit has less reserved, too.
 */
export function limitsOn(
  disk: number,
  { enabled, maxUsedSpace, minFreeSpace, reservedSpace }: GarbageConfig,
): SpaceLimits | undefined {
  const bytes = (space: Space | undefined, otherwise: number): number =>
    Math.floor(space === undefined ? otherwise : bytesOf(space, disk));
  const maxUsed = bytes(maxUsedSpace, Math.min(0.8 * disk, 100 * GB));
  if (!enabled || maxUsed === 0) return undefined;
  return {
    maxUsed,
    minFree: bytes(minFreeSpace, 0.2 * disk),
    reserved: bytes(reservedSpace, Math.min(0.1 * disk, 10 * GB, 0.1 * maxUsed)),
  };
}
