import { stat, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import type { BindMount, SandboxProcess } from "./executor.js";
import type { Connection } from "./lazy-network.js";
import { isBelow, type MountPoints } from "./mount-points.js";
import { hostsFile } from "./name-files.js";
import { systemMountPoints } from "./system-mounts.js";
import type { ResolvedOwner } from "./users.js";

/** Writes the step's resolv.conf and hosts into its bundle, and tells how to mount them. */
export async function writeNameFiles(
  bundle: string,
  process: SandboxProcess,
  { resolvConf }: Connection,
): Promise<readonly BindMount[]> {
  const files = { "resolv.conf": resolvConf, hosts: hostsFile(process) };
  return await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const source = posix.join(bundle, name);
      await writeFile(source, text, { mode: 0o644 });
      return { source, target: `/etc/${name}`, readonly: true };
    }),
  );
}

/** Makes the working directory and every mount point; the mounts come back with targets free of links. */
export async function makeMountPoints(
  points: MountPoints,
  process: SandboxProcess,
  user: ResolvedOwner,
  own: readonly BindMount[],
): Promise<readonly BindMount[]> {
  const mounts = [...own, ...process.mounts];
  for (const target of systemMountPoints) await points.makeLasting(target);
  const covered = [...systemMountPoints, ...mounts.map(({ target }) => target)];
  if (!covered.some((target) => isBelow(process.cwd, posix.normalize(target)))) {
    await points.makeWorkingDirectory(process.cwd, user);
  }
  const resolved: BindMount[] = [];
  for (const mount of mounts) {
    const target = await points.make(mount.target, await kindOf(mount.source));
    resolved.push({ ...mount, target });
  }
  return resolved;
}

async function kindOf(source: string): Promise<"directory" | "file"> {
  try {
    return (await stat(source)).isDirectory() ? "directory" : "file";
  } catch (cause) {
    throw new BuildError("SANDBOX", `Cannot mount "${source}" into the step: not found`, { cause });
  }
}
