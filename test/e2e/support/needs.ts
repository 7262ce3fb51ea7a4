import type { Context } from "mocha";

/** Skips a test for a reason that its title then tells. */
export function skipBecause(context: Context, reason: string): never {
  const { test } = context;
  if (test !== undefined) test.title += ` (${reason})`;
  context.skip();
}

/** Skips a test where packages of Debian cannot be fetched. */
export async function needsDebianMirror(context: Context): Promise<void> {
  const mirror = process.env["TSBUILD_DEBIAN_MIRROR"] ?? "http://deb.debian.org/debian";
  const url = `${mirror}/dists/bookworm/InRelease`;
  const reachable = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(10_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!reachable) skipBecause(context, `cannot reach ${mirror}`);
}
