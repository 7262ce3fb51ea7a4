import { formatPlatform, hostPlatform, parsePlatform, type Platform } from "../../oci/platform.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { parsePlatforms } from "../args/words.js";
import type { PlanOptions } from "../../plan/plan.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";

/**
 * The platforms that an image is built for, each once (M01). Undefined is this machine's own, with
 * which the config keeps that of the base.
 */
export function targetPlatforms(
  { platforms }: Pick<BuildCommand, "platforms">,
  { env }: Pick<Io, "env">,
): readonly [Platform | undefined, ...Platform[]] {
  const usual = env["DOCKER_DEFAULT_PLATFORM"] ?? "";
  const given =
    platforms.length > 0 || usual === ""
      ? platforms
      : parsePlatforms("DOCKER_DEFAULT_PLATFORM", usual);
  if (given.every((text) => text === "local")) return [undefined];
  const host = hostPlatform(process.arch);
  const wanted = given.map((text) => (text === "local" ? host : parsePlatform(text, host)));
  const [first, ...others] = new Map(wanted.map((one) => [formatPlatform(one), one])).values();
  return [first, ...others];
}

/** Whether an index lists the images: those for several platforms, or the one where the user asks for it. */
export function wantsIndex(platforms: readonly PlanOptions[]): boolean {
  const asked = platforms[0]?.buildArgs.get("BUILDKIT_MULTI_PLATFORM") ?? "";
  return platforms.length > 1 || parseGoBoolean(asked) === true;
}
