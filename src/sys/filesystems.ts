import { constants } from "node:os";
import { bind, bindAsync, lastErrno } from "./libc.js";
import { AT_FDCWD } from "./open-flags.js";
import { SystemError } from "./system-error.js";

const syscall = bind("long syscall(long, ...)");
const closeFd = bind("int close(int)");
const syncfs = bindAsync("int syncfs(int)");

/** The same numbers on every architecture. */
const SYS_move_mount = 429;
const SYS_fsopen = 430;
const SYS_fsconfig = 431;
const SYS_fsmount = 432;

/** A mount whose options repeat, in order: [["device", "/a"], ["device", "/b"]]. */
export interface LongMountRequest {
  readonly type: string;
  readonly target: string;
  /** ASCII only. */
  readonly options: readonly (readonly [key: string, value: string])[];
}

/**
 * Mounts, to be read only, by the calls of Linux 5.2 (fsopen and its family), which take any number of
 * options, each of up to 255 bytes; mount(2) has one page for all.
 */
export function mountLong({ type, target, options }: LongMountRequest): void {
  const context = call("fsopen", SYS_fsopen, ["const char*", type, "unsigned int", 1]);
  try {
    const FSCONFIG_SET_STRING = 1;
    const FSCONFIG_CMD_CREATE = 6;
    for (const [key, value] of options) fsconfig(context, FSCONFIG_SET_STRING, key, value);
    fsconfig(context, FSCONFIG_CMD_CREATE, null, null);
    const MOUNT_ATTR_RDONLY = 1;
    const attributes = ["unsigned int", 1, "unsigned int", MOUNT_ATTR_RDONLY];
    const fd = call("fsmount", SYS_fsmount, ["int", context, ...attributes]);
    try {
      moveMount(fd, target);
    } finally {
      closeFd(fd);
    }
  } finally {
    closeFd(context);
  }
}

function fsconfig(
  context: number,
  command: number,
  key: string | null,
  value: string | null,
): void {
  const what = ["int", context, "unsigned int", command, "const char*", key];
  call("fsconfig", SYS_fsconfig, [...what, "const char*", value, "int", 0]);
}

function moveMount(fd: number, target: string): void {
  const MOVE_MOUNT_F_EMPTY_PATH = 4;
  const from = ["int", fd, "const char*", ""];
  const to = ["int", AT_FDCWD, "const char*", target, "unsigned int", MOVE_MOUNT_F_EMPTY_PATH];
  call("move_mount", SYS_move_mount, [...from, ...to]);
}

function call(name: string, number: number, args: readonly unknown[]): number {
  const result = syscall(number, ...args);
  if (result < 0) throw new SystemError(name, lastErrno(), undefined);
  return result;
}

/** syncfs(2), off the main thread: what was written to the filesystem of `fd` is on the disk. */
export async function syncFilesystem(fd: number): Promise<void> {
  // on an open descriptor only I/O can fail
  if ((await syncfs(fd)) < 0) throw new SystemError("syncfs", constants.errno.EIO, undefined);
}
