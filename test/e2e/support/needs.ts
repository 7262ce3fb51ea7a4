import type { Context } from "mocha";
import { setTimeout } from "node:timers/promises";

/** Skips a test for a reason that its title then tells. */
export function skipBecause(context: Context, reason: string): never {
  const { test } = context;
  if (test !== undefined) test.title += ` (${reason})`;
  context.skip();
}

/** Skips a test where packages of Debian cannot be fetched, however often that is tried. */
export async function needsDebianMirror(context: Context): Promise<void> {
  const mirror = process.env["TSBUILD_DEBIAN_MIRROR"] ?? "http://deb.debian.org/debian";
  const url = `${mirror}/dists/bookworm/InRelease`;
  for (const pause of [1000, 5000, 0]) {
    if (await answers(url)) return;
    await setTimeout(pause);
  }
  skipBecause(context, `cannot reach ${mirror}`);
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(30_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}
