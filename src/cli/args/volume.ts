import { badValue, unsupported } from "./usage-error.js";

/** A host path shown in a container (`run -v`). */
export interface Volume {
  /** As written: absolute, or relative to the current directory and starting with ".". */
  readonly source: string;
  readonly target: string;
  readonly readonly: boolean;
}

/** Reads `SOURCE:TARGET[:ro|rw]`. */
export function parseVolume(text: string): Volume {
  const [source = "", target, mode = "rw", ...rest] = text.split(":");
  if (target === undefined) throw unsupported(`--volume "${text}"`, "give SOURCE:TARGET");
  if (rest.length > 0) throw badValue("--volume", text, "want SOURCE:TARGET[:ro|rw]");
  if (!/^\.{0,2}(\/|$)/.test(source) || source === "") {
    throw unsupported(`the named volume "${source}"`, `for a directory write "./${source}"`);
  }
  if (!target.startsWith("/")) throw badValue("--volume", text, `"${target}" is not absolute`);
  if (mode !== "ro" && mode !== "rw") {
    throw badValue("--volume", text, `the mode "${mode}" is neither ro nor rw`);
  }
  return { source, target, readonly: mode === "ro" };
}
