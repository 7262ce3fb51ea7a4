import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import type { DeviceEdits } from "./device-edits.js";
import type { BindMount, TmpfsMount } from "./sandbox-mount.js";
import type { SandboxProcess } from "./executor.js";
import type { Connection } from "./lazy-network.js";
import { isBelow, type MountPoints } from "./mount-points.js";
import { hostsFile } from "./name-files.js";
import { systemMountPoints } from "./system-mounts.js";
import type { SharedFiles } from "./shared-files.js";
import type { ResolvedOwner } from "./users.js";

/** Writes the step's resolv.conf and hosts, and tells how to mount them. */
export function writeNameFiles(
  files: SharedFiles,
  process: SandboxProcess,
  { resolvConf }: Connection,
): readonly BindMount[] {
  const texts = { "resolv.conf": resolvConf, hosts: hostsFile(process) };
  return Object.entries(texts).map(([name, text]) => {
    const source = files.write(text);
    return { kind: "bind", source, target: `/etc/${name}`, readonly: true } as const;
  });
}

/** Makes the working directory and every mount point; the mounts come back with targets free of links. */
export function makeMountPoints(
  points: MountPoints,
  process: SandboxProcess,
  user: ResolvedOwner,
  mounts: readonly PlainMount[],
): readonly PlainMount[] {
  makeSystemMountPoints(points, process);
  const covered = [...systemMountPoints, ...targetsOf(mounts)];
  if (!covered.some((target) => isBelow(process.cwd, target))) {
    points.makeWorkingDirectory(process.cwd, user);
  }
  const resolved: PlainMount[] = [];
  for (const mount of mounts) {
    const kind = mount.kind === "tmpfs" ? "directory" : kindOf(mount.source);
    const target = points.make(mount.target, kind);
    resolved.push({ ...mount, target });
  }
  return resolved;
}

/** They stay in the layer, but for those that a mount of the step's own needs, as BuildKit has it. */
function makeSystemMountPoints(points: MountPoints, { mounts, shmSize }: SandboxProcess): void {
  const own = [...targetsOf(mounts), ...(shmSize === undefined ? [] : ["/dev/shm"])];
  for (const point of systemMountPoints) {
    if (own.some((target) => isBelow(target, point))) points.make(point, "directory");
    else points.makeLasting(point);
  }
}

function targetsOf(mounts: readonly { readonly target: string }[]): readonly string[] {
  return mounts.map(({ target }) => posix.normalize(target));
}

/** What devices bring: in a user namespace also their nodes, which cannot be made there. */
export function deviceMounts(
  devices: DeviceEdits | undefined,
  userNamespace: boolean,
): readonly BindMount[] {
  if (devices === undefined) return [];
  const nodes = userNamespace ? devices.nodes : [];
  const options = ["nosuid", "noexec"];
  const mounted = nodes.map(({ source, path: target }) => {
    return { kind: "bind", source, target, readonly: false, options } as const;
  });
  return [...mounted, ...devices.mounts];
}

/** What a runtime mounts. */
export type PlainMount = BindMount | TmpfsMount;

/** Puts the values of secrets into files below `directory`, which is in memory. */
export function writeSecrets(
  directory: string,
  mounts: SandboxProcess["mounts"],
): readonly PlainMount[] {
  return mounts.map((mount, index) => {
    if (mount.kind !== "secret") return mount;
    const { value, uid, gid, mode, target } = mount;
    const source = posix.join(directory, `secret-${index}`);
    writeFileSync(source, value, { mode: 0o600 });
    chownSync(source, uid, gid);
    chmodSync(source, mode);
    const options = ["nosuid", "nodev", ...((mode & 0o111) === 0 ? ["noexec"] : [])];
    return { kind: "bind", source, target, readonly: true, options } as const;
  });
}

function kindOf(source: string): "directory" | "file" {
  try {
    return statSync(source).isDirectory() ? "directory" : "file";
  } catch (cause) {
    throw new BuildError("SANDBOX", `Cannot mount "${source}" into the step: not found`, { cause });
  }
}
