import { editsOf } from "../../exec/devices/edits.js";
import { notGranted } from "../../exec/devices/grants.js";
import { DeviceRegistry } from "../../exec/devices/registry.js";
import { CDI_DIRECTORIES } from "../../exec/devices/spec-files.js";
import { locate } from "../../error.js";
import type { DeviceEdits } from "../../exec/device-edits.js";
import type { RunDevice } from "../../plan/run-device.js";
import type { BuildCommand } from "../build-command.js";
import { given } from "../environment.js";
import type { Io } from "../io.js";
import { notAllowed } from "./entitlements.js";

/** What a step with these devices is given, by the specifications that are there now. */
export async function deviceEdits(
  wanted: readonly RunDevice[],
  env: Io["env"],
): Promise<DeviceEdits> {
  const registry = await readRegistry(env);
  const found = wanted.flatMap((device) => located(device, () => registry.find(device)));
  return await editsOf([...new Set(found)]);
}

/** Refuses devices that are required and missing, or there and not allowed (R12). */
export async function checkDevices(
  wanted: readonly RunDevice[],
  { allow, allowDevices }: Pick<BuildCommand, "allow" | "allowDevices">,
  env: Io["env"],
): Promise<void> {
  const registry = await readRegistry(env);
  const grants = allowDevices.map(({ name }) => name);
  for (const device of wanted) {
    const [refused] = located(device, () => notGranted(device, grants, registry));
    if (refused !== undefined && !allow.has("device"))
      throw notAllowed(`device=${refused.name}`, device.at);
  }
}

async function readRegistry(env: Io["env"]): Promise<DeviceRegistry> {
  return await DeviceRegistry.read(given(env, "TSBUILD_CDI_DIRS")?.split(":") ?? CDI_DIRECTORIES);
}

function located<T>({ at }: RunDevice, find: () => T): T {
  try {
    return find();
  } catch (error) {
    throw locate(error, at);
  }
}
