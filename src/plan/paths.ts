import { posix } from "node:path";
import { refuseNul } from "./nul.js";

/** WORKDIR: absolute and clean; relative to `current`, which "" leaves as it is. */
export function joinWorkdir(current: string, path: string): string {
  const clean = posix.resolve("/", current, path);
  refuseNul(clean);
  return clean.replace(/^\/{2,}/, "/");
}

/** A path as a pattern that means only this path. */
export function literalPattern(path: string): string {
  return path.replace(/[\\*?[]/g, "\\$&");
}

/** COPY's destination: absolute and clean, with a final "/" where it says directory (C03). */
export function joinDestination(workdir: string, path: string): string {
  const clean = joinWorkdir(workdir, path);
  const saysDirectory = path === "" || /(?:^|\/)\.{0,2}$/.test(path);
  return saysDirectory && clean !== "/" ? `${clean}/` : clean;
}
