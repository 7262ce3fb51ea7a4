import { constants, openSync } from "node:fs";
import { BuildError } from "../error.js";
import { reasonOf } from "../sys/system-failure.js";
import { toHostPath, toText, type BytePath } from "./changeset.js";

/** Large content moves in pieces of this many bytes. */
export const CHUNK = 1 << 20;

/** Opens a content for reading. O_NONBLOCK, because a FIFO swapped in meanwhile would wait forever. */
export function openContent(path: BytePath): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return openSync(toHostPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/** What went wrong with an open content has no path of its own. */
export function cannotRead(path: BytePath, cause: unknown): BuildError {
  return new BuildError("SYSTEM", `Cannot read "${toText(path)}": ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  switch (code) {
    case "ENOENT":
      return "it is gone";
    case "ELOOP":
      return "it became a symbolic link";
    case "EISDIR":
      return "it became a directory";
    default:
      return reasonOf(code);
  }
}
