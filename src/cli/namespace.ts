import { readFileSync } from "node:fs";

/** Where this process is. */
export interface Namespace {
  /** Ids are mapped: overlayfs needs "userxattr", device nodes cannot be made. */
  readonly user: boolean;
}

/** Reads where this process is. */
export function readNamespace(): Namespace {
  return { user: isUserNamespace(readFileSync("/proc/self/uid_map", "latin1")) };
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
