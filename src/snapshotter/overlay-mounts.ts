import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";
import { mount, mountAside, mountFlags, type MountRequest } from "../sys/mounts.js";

/**
 * Lower directories that one mount takes: as many as fit into the one page of options that mount(2) has.
 * Later kernels have calls that take 500, but no more.
 */
export const MOST_LOWERS = 190;

/** An overlay that is to be mounted. */
export interface OverlayRequest {
  readonly target: string;
  /** Directories, the uppermost first; at least one with `upper`, at least two without. */
  readonly lowers: readonly string[];
  /** Where changes go; a mount without is read-only. */
  readonly upper: { readonly changes: string; readonly work: string } | undefined;
  readonly userNamespace: boolean;
}

/** Of so many, the names fit in as well where they are longer. */
const MOST_NEIGHBOURS = 100;
/** What may stand in a list of directories as it is. */
const PLAIN_NAME = /^[0-9a-z]{1,8}$/;

/** Mounts an overlay. */
export function mountOverlay(request: OverlayRequest): void {
  using overlay = new NamedOverlay(request);
  mount(overlay.request());
}

/** The same on another thread. */
export async function mountOverlayAside(request: OverlayRequest): Promise<void> {
  using overlay = new NamedOverlay(request);
  await mountAside(overlay.request());
}

/**
 * An overlay whose directories are named by descriptors ("/proc/self/fd/9"): such a name is short, and has no byte
 * that needs escaping. Neighbours are named from one descriptor ("/proc/self/fd/9/17"): to open each of twenty layers,
 * and close it, takes as long as the mount.
 */
class NamedOverlay implements Disposable {
  readonly #overlay: OverlayRequest;
  readonly #open = new Map<string, number>();

  constructor(overlay: OverlayRequest) {
    this.#overlay = overlay;
  }

  request(): MountRequest {
    const { target, lowers, upper, userNamespace } = this.#overlay;
    const lowerdir = lowers.map((directory) => this.#nameLower(directory)).join(":");
    const options = [`lowerdir=${lowerdir}`, ...commonOptions(userNamespace)];
    if (upper !== undefined) {
      options.push(`upperdir=${this.#name(upper.changes)}`, `workdir=${this.#name(upper.work)}`);
      options.push("volatile"); // the snapshotter syncs when it publishes
    }
    const flags = upper === undefined ? mountFlags.readonly : 0;
    return { source: "overlay", target, type: "overlay", flags, options: options.join(",") };
  }

  #name(directory: string): string {
    const fd =
      this.#open.get(directory) ?? openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    this.#open.set(directory, fd);
    return `/proc/self/fd/${fd}`;
  }

  #nameLower(directory: string): string {
    const last = basename(directory);
    if (this.#overlay.lowers.length > MOST_NEIGHBOURS || !PLAIN_NAME.test(last))
      return this.#name(directory);
    return `${this.#name(dirname(directory))}/${last}`;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open.values()) closeSync(fd);
  }
}

/** Off, whatever the kernel's defaults: features that put more into a layer than image layers have. */
function commonOptions(userNamespace: boolean): readonly string[] {
  const own = userNamespace ? "userxattr" : "redirect_dir=nofollow";
  return [own, "index=off", "metacopy=off"];
}
