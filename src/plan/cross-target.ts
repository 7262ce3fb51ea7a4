import { normalizePlatform, parsePlatform, type Platform } from "../oci/platform.js";

/**
 * What a stage for `own` builds for at a place where these variables are set, as far as that differs:
 * "arm64" of linux/arm64 on linux/amd64 (M04). Undefined where nothing says that it differs.
 */
export function crossTarget(own: Platform, env: ReadonlyMap<string, string>): string | undefined {
  const target = declaredTarget(own, env);
  if (target === undefined) return undefined;
  const { os, architecture, variant } = target;
  const machine = variant === undefined ? architecture : `${architecture}/${variant}`;
  if (os !== own.os) return `${os}/${machine}`;
  if (architecture !== own.architecture) return machine;
  return variant === own.variant ? undefined : variant;
}

function declaredTarget(own: Platform, env: ReadonlyMap<string, string>): Platform | undefined {
  const whole = env.get("TARGETPLATFORM");
  try {
    if (whole !== undefined) return parsePlatform(whole);
  } catch {
    return undefined; // a value of the user's own
  }
  const [os, architecture, variant] = ["OS", "ARCH", "VARIANT"].map((part) =>
    env.get(`TARGET${part}`),
  );
  if (os === undefined && architecture === undefined && variant === undefined) return undefined;
  return normalizePlatform({
    os: os || own.os,
    architecture: architecture || own.architecture,
    ...(variant ? { variant } : {}),
  });
}
