import { bind } from "./libc.js";
import { check, SystemError } from "./system-error.js";

const c = {
  spawn: bind("int posix_spawn(void*, const char*, void*, void*, const char**, const char**)"),
  openActions: bind("int posix_spawn_file_actions_init(void*)"),
  addDup2: bind("int posix_spawn_file_actions_adddup2(void*, int, int)"),
  closeActions: bind("int posix_spawn_file_actions_destroy(void*)"),
  openAttributes: bind("int posix_spawnattr_init(void*)"),
  setFlags: bind("int posix_spawnattr_setflags(void*, short)"),
  setDefaults: bind("int posix_spawnattr_setsigdefault(void*, void*)"),
  setMask: bind("int posix_spawnattr_setsigmask(void*, void*)"),
  closeAttributes: bind("int posix_spawnattr_destroy(void*)"),
  waitpid: bind("int waitpid(int, void*, int)"),
};

/** More bytes than any libc has in what it takes for actions and for attributes. */
const OPAQUE = 1024;
/** Bytes of a sigset_t. */
const SIGNALS = 128;

/** POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK and POSIX_SPAWN_SETSID. */
const FLAGS = 0x04 | 0x08 | 0x80;

/** A program to start. */
export interface Spawning {
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** What it has as 0, 1, 2 and so on: descriptors of ours, larger than any of these numbers. */
  readonly files: readonly number[];
}

/**
 * posix_spawn(3): the id of a process in a session of its own, with all signals as they come. Node would fork, for
 * which the kernel copies the page tables of all that it has in memory. The caller waits for its end.
 */
export function spawnSession({ path, argv, env, files }: Spawning): number {
  const [pid, actions, attributes] = [Buffer.alloc(4), Buffer.alloc(OPAQUE), Buffer.alloc(OPAQUE)];
  succeed(c.openActions(actions));
  succeed(c.openAttributes(attributes));
  try {
    for (const [number, file] of files.entries()) succeed(c.addDup2(actions, file, number));
    succeed(c.setDefaults(attributes, Buffer.alloc(SIGNALS, 0xff)));
    succeed(c.setMask(attributes, Buffer.alloc(SIGNALS)));
    succeed(c.setFlags(attributes, FLAGS));
    succeed(c.spawn(pid, path, actions, attributes, [...argv, null], [...env, null]), path);
  } finally {
    c.closeActions(actions);
    c.closeAttributes(attributes);
  }
  return pid.readInt32LE(0);
}

/** These functions answer with the number of an error. */
function succeed(errno: number, path?: string): void {
  if (errno !== 0) throw new SystemError("posix_spawn", errno, path);
}

/** waitpid(2) for a child that has closed what it had open: it does not take long to end. */
export function waitFor(pid: number): void {
  check(c.waitpid(pid, null, 0), "waitpid");
}
