import { readFileSync } from "node:fs";

/** What bin/tsbuild arranged before node started. */
export interface Namespace {
  /** Ids are mapped: overlayfs needs "userxattr", device nodes cannot be made. */
  readonly user: boolean;
  /** The mount namespace is this process's own: what it mounts ends with it. */
  readonly mount: boolean;
}

/** Reads where this process is. */
export function readNamespace(env: Readonly<Record<string, string | undefined>>): Namespace {
  return {
    user: isUserNamespace(readFileSync("/proc/self/uid_map", "latin1")),
    mount: env["TSBUILD_ENTERED"] === "1",
  };
}

/**
 * The command that starts a program as whom the user is outside of our user namespace: the D-Bus that
 * keeps passwords on desktops refuses who says to be root there.
 */
export function asOneself(
  uidMap = readFileSync("/proc/self/uid_map", "latin1"),
  gidMap = readFileSync("/proc/self/gid_map", "latin1"),
): readonly string[] {
  // One id for root: bin/tsbuild maps like that, a container with ids of its own does not.
  const [uid, gid] = [uidMap, gidMap].map((map) => /^\s*0\s+(\d+)\s+1\s*$/m.exec(map)?.[1]);
  if (uid === undefined || gid === undefined) return [];
  return ["unshare", "--user", `--map-user=${uid}`, `--map-group=${gid}`];
}

/** Tells from /proc/PID/uid_map: only the first namespace maps every id to itself. */
export function isUserNamespace(uidMap: string): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
