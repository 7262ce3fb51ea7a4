import { formatPlatform, type Platform } from "../oci/platform.js";
import type { PlanOptions } from "./plan.js";

/** The global ARGs that nobody declares (S15, S16): what is built, where, and which stage. */
export function platformArgs(
  { buildPlatform, targetPlatform, buildArgs }: PlanOptions,
  targetStage: string,
): Map<string, string> {
  const args = new Map([
    ...describe("BUILD", buildPlatform),
    ...describe("TARGET", targetPlatform ?? buildPlatform),
    ["TARGETSTAGE", targetStage] as const,
  ]);
  for (const name of args.keys()) {
    const given = buildArgs.get(name);
    if (given !== undefined) args.set(name, given);
  }
  return args;
}

function describe(prefix: string, platform: Platform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform["os.version"] ?? ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ""],
  ];
}

/** Build arguments that mean something without an ARG that names them (S14, S17). */
export function needsNoArg(name: string): boolean {
  return name.startsWith("BUILDKIT_") || name === "SOURCE_DATE_EPOCH" || isProxy(name);
}

/** Control arguments that are no environment of a RUN, even where ARG declares them. */
export function isControlOnly(name: string): boolean {
  return name === "BUILDKIT_SBOM_SCAN_CONTEXT" || name === "BUILDKIT_SBOM_SCAN_STAGE";
}

const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

function isProxy(name: string): boolean {
  return proxies.includes(name.toUpperCase());
}

/** The proxy variables of a RUN in both cases (S14), except those that it has already. */
export function proxyEnv(
  { buildArgs }: PlanOptions,
  taken: ReadonlyMap<string, string>,
): readonly string[] {
  const values = new Map<string, string>();
  for (const [name, value] of buildArgs) {
    if (isProxy(name)) values.set(name.toUpperCase(), value);
  }
  return [...values]
    .flatMap(([name, value]) => [name, name.toLowerCase()].map((key) => [key, value] as const))
    .filter(([name]) => !taken.has(name))
    .map(([name, value]) => `${name}=${value}`);
}
