import { accessSync, constants } from "node:fs";
import { posix } from "node:path";
import { BuildError } from "../error.js";

/** An OCI runtime on this machine. */
export interface Runtime {
  readonly path: string;
  readonly name: "crun" | "runc";
}

/** Where programs are, unless the user says otherwise. */
export const SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The one that was named, by path or name; else crun, else runc. BuildError NO_RUNTIME. */
export function findRuntime(wanted: string | undefined, searchPath: string): Runtime {
  for (const name of wanted === undefined ? ["crun", "runc"] : [wanted]) {
    const path = findProgram(name, searchPath);
    if (path !== undefined)
      return { path, name: posix.basename(path) === "crun" ? "crun" : "runc" };
  }
  const message =
    wanted === undefined
      ? "Cannot run steps: neither crun nor runc is installed"
      : `Cannot run steps: there is no runtime "${wanted}"`;
  throw new BuildError("NO_RUNTIME", message, {
    hint: "install one, for example with: apt-get install crun",
  });
}

/** The path of an executable file; undefined when there is none. */
export function findProgram(name: string, searchPath: string): string | undefined {
  const places = name.includes("/") ? [""] : searchPath.split(":").filter((place) => place !== "");
  for (const place of places) {
    const path = posix.join(place, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
