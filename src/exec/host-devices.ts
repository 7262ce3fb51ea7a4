import { lstat, readdir } from "node:fs/promises";
import { posix } from "node:path";
import type { HostDevice } from "./spec.js";

/** Nodes that every step has of its own. */
const own = new Set("console full null ptmx random tty urandom zero".split(" "));

/** The device nodes in /dev itself, for an insecure step. */
export async function hostDevices(): Promise<readonly HostDevice[]> {
  const entries = await readdir("/dev", { withFileTypes: true });
  const nodes = entries.filter(
    (entry) => !own.has(entry.name) && (entry.isBlockDevice() || entry.isCharacterDevice()),
  );
  return await Promise.all(
    nodes.map(async (entry) => {
      const path = posix.join("/dev", entry.name);
      const number = (await lstat(path, { bigint: true })).rdev;
      return { path, type: entry.isBlockDevice() ? "b" : "c", ...deviceNumbers(number) } as const;
    }),
  );
}

/** gnu_dev_major and gnu_dev_minor of makedev(3). */
export function deviceNumbers(device: bigint): { readonly major: number; readonly minor: number } {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
