import { BuildError } from "../error.js";
import { toText, type BytePath, type HardlinkEntry } from "../oci/changeset.js";
import { isSystemError } from "../sys/system-error.js";

/** Of an entry that a layer directory cannot hold. */
export function nullDevice(path: BytePath): BuildError {
  return new BuildError(
    "UNSUPPORTED",
    `Cannot unpack "${toText(path)}": overlayfs takes a character device 0/0 for a removed file`,
  );
}

/** Of a path through which nothing can be unpacked; `problem` says why. */
export function notDirectory(path: string, problem: string): BuildError {
  return new BuildError(
    "INVALID_ARCHIVE",
    `Cannot unpack files into "${toText(path as BytePath)}": it ${problem}`,
  );
}

/** Of a hard link that leads nowhere. */
export function noLinkTarget({ path, target }: HardlinkEntry): BuildError {
  return new BuildError(
    "INVALID_ARCHIVE",
    `Cannot unpack "${toText(path)}": it is a hard link to "${toText(target)}", which is not a file of the same layer`,
  );
}

/** What went wrong with writing an entry, in words. */
export function explainWriting(error: unknown, path: BytePath): unknown {
  if (error instanceof BuildError || !isSystemError(error)) return error;
  const cannot = `Cannot write "${toText(path)}"`;
  const { message: reason } = error as Error;
  if (isSystemError(error, "ENOSPC", "EDQUOT")) {
    return new BuildError("NO_SPACE", `${cannot}: the disk is full`, { cause: error });
  }
  if (isSystemError(error, "ENAMETOOLONG")) {
    return new BuildError("INVALID_ARCHIVE", `${cannot}: the name is too long`, { cause: error });
  }
  return new BuildError("SYSTEM", `${cannot}: ${reason}`, { cause: error });
}
