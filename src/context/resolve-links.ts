import { BuildError } from "../error.js";
import { toText, type BytePath } from "../oci/changeset.js";
import { joinPath, parentOf } from "./confined.js";
import { MAX_SYMLINKS } from "../sys/limits.js";

/** The target of the symlink at a path whose parents are real; undefined when it is none. */
export type ReadLink = (path: BytePath) => BytePath | undefined;

/**
 * The real path behind `path`, in a root that absolute links and ".." do not leave. What does not
 * exist is kept as written; a loop is an error.
 */
export function resolveLinks(path: BytePath, readLink: ReadLink): BytePath {
  const pending = path.split("/").reverse();
  let real = "" as BytePath;
  let links = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      real = parentOf(real);
      continue;
    }
    const next = joinPath(real, name);
    const target = readLink(next);
    if (target === undefined) {
      real = next;
      continue;
    }
    if (++links > MAX_SYMLINKS) throw tooManyLinks(path);
    if (target.startsWith("/")) real = "" as BytePath;
    // One by one: a tar can hold targets of more parts than a call has arguments.
    for (const part of target.split("/").reverse()) pending.push(part);
  }
  return real;
}

function tooManyLinks(path: BytePath): BuildError {
  const text = toText(path);
  const absolute = text.startsWith("/") ? text : `/${text}`;
  return new BuildError("COPY", `Cannot resolve "${absolute}": too many symbolic links`, {
    hint: "the links may point at each other",
  });
}
