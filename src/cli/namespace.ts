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

/** Tells from /proc/PID/uid_map: only the first namespace maps every id to itself. */
export function isUserNamespace(uidMap: string): boolean {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
