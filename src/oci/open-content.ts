import { constants, openSync } from "node:fs";
import { BuildError } from "../error.js";
import { toHostPath, toText, type BytePath } from "./changeset.js";

/** Large content moves in pieces of this many bytes. */
export const CHUNK = 1 << 20;

/** Opens a content for reading. O_NONBLOCK, because a FIFO swapped in meanwhile would wait forever. */
export function openContent(path: BytePath): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(toHostPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw named(cause, path);
  }
}

/** A failure with the path in it, of which system calls with a descriptor know nothing. */
export function named(cause: unknown, path: BytePath): unknown {
  if (!(cause instanceof Error) || !("syscall" in cause) || !("code" in cause)) return cause;
  const reason = reasons.get(String(cause.code)) ?? String(cause.code);
  return new BuildError("SYSTEM", `Cannot read "${toText(path)}": ${reason}`, { cause });
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "it is gone"],
  ["ELOOP", "it became a symbolic link"],
  ["EISDIR", "it became a directory"],
]);
