import { bind } from "./libc.js";
import { O_CLOEXEC } from "./open-flags.js";
import { check } from "./system-error.js";

const pipe2 = bind("int pipe2(void*, int)");

/**
 * pipe2(2), close-on-exec. Node's own pipes to a child are sockets, which a shell's
 * `echo >/dev/stderr` cannot open. The caller closes both ends.
 */
export function makePipe(): { readonly read: number; readonly write: number } {
  const ends = Buffer.alloc(8);
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}
