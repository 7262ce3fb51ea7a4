import { parseGoBoolean } from "../../go-boolean.js";
import { annotation, type Device, type DeviceRegistry, type DeviceRequest } from "./registry.js";

const AUTOALLOW = "org.mobyproject.buildkit.device.autoallow";

/**
 * The devices of a request that neither the user nor their own specification allows. `grants` are names
 * as in `--allow device=NAME`.
 */
export function notGranted(
  request: DeviceRequest,
  grants: readonly string[],
  registry: DeviceRegistry,
): readonly Device[] {
  const granted = new Set(
    grants.flatMap((name) => registry.find({ name, required: false }).map((one) => one.name)),
  );
  return registry.find(request).filter((one) => !granted.has(one.name) && !isFree(one));
}

function isFree(device: Device): boolean {
  return parseGoBoolean(annotation(device, AUTOALLOW) ?? "") === true;
}
