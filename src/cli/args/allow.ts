import { splitCsv } from "./csv.js";
import { badValue } from "./usage-error.js";
import { oneOf } from "./words.js";

/** What `--allow` may grant. */
export type Entitlement = "buildx.local.delete" | "device" | "network.host" | "security.insecure";

/** What `--allow` may say. */
export const entitlements: readonly Entitlement[] = [
  "buildx.local.delete",
  "device",
  "network.host",
  "security.insecure",
];

/** `--allow device=NAME[,alias=WRITTEN]`. */
export interface DeviceGrant {
  /** As RUN --device has it: one device, or several. */
  readonly name: string;
  /** What a Dockerfile may write for it. */
  readonly alias: string | undefined;
}

/** Reads one `--allow`: entitlements, or one device (F02, R12). */
export function parseAllow(text: string): readonly (DeviceGrant | Entitlement)[] {
  if (text.startsWith("device=")) return [parseDevice(text)];
  return text.split(",").map((word) => oneOf("--allow", word, entitlements));
}

function parseDevice(text: string): DeviceGrant {
  const [name = "", ...options] = splitCsv("--allow", text.slice("device=".length));
  if (name === "") throw badValue("--allow", text, "the device is missing");
  let alias: string | undefined;
  for (const option of options) {
    const value = /^alias=(.+)$/.exec(option)?.[1];
    if (value === undefined) throw badValue("--allow", text, "want device=NAME[,alias=NAME]");
    alias = value;
  }
  return { name, alias };
}
