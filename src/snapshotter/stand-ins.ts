import { closeSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import type { LayerRoot } from "./root-directory.js";
import type { Workspace } from "./workspaces.js";

/**
 * Empty files in one directory that a writable state shows where no layer has them, and that get into no layer: a
 * sandbox mounts something over them. To make them in the overlay, and take them out again, takes a millisecond.
 */
export interface StandIns {
  /** In the root directory, which alone is asked for it. */
  readonly directory: string;
  readonly files: readonly string[];
}

/** What a layer has at the directory. */
type Found = "directory" | "nothing" | "something else";

/** A directory that goes below all layers, and holds nothing but stand-ins. */
export class StandInLayer {
  readonly #standIns: StandIns;
  readonly #path: string;
  readonly #found = new WeakMap<LayerRoot, Found>();

  constructor(standIns: StandIns, make: Workspace["make"]) {
    const { directory, files } = standIns;
    this.#standIns = standIns;
    this.#path = make("stand-ins");
    const place = make(join("stand-ins", directory));
    for (const file of files) closeSync(openSync(join(place, file), "wx", 0o644));
  }

  /**
   * The directory as one more of `layers`, the uppermost first; nothing where they do not show the one that
   * the files would be in: it would come to be by that.
   */
  below(layers: readonly LayerRoot[]): readonly string[] {
    for (const layer of layers) {
      const found = this.#findIn(layer);
      if (found !== "nothing") return found === "directory" ? [this.#path] : [];
    }
    return [];
  }

  #findIn(layer: LayerRoot): Found {
    const known = this.#found.get(layer);
    if (known !== undefined) return known;
    const found = look(join(layer.directory, this.#standIns.directory));
    this.#found.set(layer, found);
    return found;
  }
}

function look(path: string): Found {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "nothing";
  return stat.isDirectory() ? "directory" : "something else";
}
