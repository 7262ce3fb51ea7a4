import { chownSync, closeSync, lstatSync, mkdirSync, openSync } from "node:fs";
import { posix } from "node:path";
import { BuildError } from "../error.js";
import { setModificationTime } from "../sys/inodes.js";
import { resolveInRootfs } from "./rootfs-path.js";
import { removeStubs, type Stub } from "./stub-removal.js";
import type { ResolvedOwner } from "./users.js";

/** The directories of an overlay whose mount points are being made. */
export interface Overlay {
  /** The mounted root. */
  readonly root: string;
  readonly upper: string;
}

/**
 * Makes the missing mount points of a step before it starts, and takes them out of the layer when
 * it has ended, so that neither they nor their parents' times ever get into it. Synchronous: a
 * hundred small calls take a millisecond, and ten times as long by way of other threads.
 */
export class MountPoints {
  readonly #overlay: Overlay;
  readonly #stubs: Stub[] = [];
  readonly #targets: string[] = [];

  constructor(overlay: Overlay) {
    this.#overlay = overlay;
  }

  /**
   * Sees to a directory or file at `target`, and tells its path without links. Below an earlier
   * target the runtime makes it, in what is mounted there.
   */
  make(target: string, kind: "directory" | "file"): string {
    const { path, missing } = resolveInRootfs(this.#overlay.root, target);
    const nested = this.#targets.some((earlier) => isBelow(path, earlier));
    this.#targets.push(path);
    if (nested) return path;
    if (missing === 0) this.#mustBe(kind, path, target);
    else this.#stubs.push(...this.#create(path, missing, kind));
    return path;
  }

  /** As `make` for a directory, but what is made stays in the layer, as BuildKit has it. */
  makeLasting(target: string): void {
    const { path, missing } = resolveInRootfs(this.#overlay.root, target);
    this.#targets.push(path);
    if (missing > 0) this.#create(path, missing, "directory");
  }

  /** Makes the missing part of a working directory, as WORKDIR would: the layer has it, and its time. */
  makeWorkingDirectory(cwd: string, { uid, gid }: ResolvedOwner): void {
    const { path, missing } = resolveInRootfs(this.#overlay.root, cwd);
    const names = path.split("/");
    for (let length = names.length - missing + 1; length <= names.length; length++) {
      const directory = this.#host(names.slice(0, length).join("/"));
      mkdirSync(directory, 0o755);
      chownSync(directory, uid, gid);
    }
  }

  /** Takes out what was made. The overlay must be unmounted. */
  remove(): void {
    removeStubs(this.#overlay.upper, this.#stubs);
  }

  #create(path: string, missing: number, kind: "directory" | "file"): readonly Stub[] {
    const names = path.split("/").slice(1);
    const prefixes = names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
    const parent = this.#host(prefixes[names.length - missing - 1] ?? "/");
    const { mtimeNs } = lstatSync(parent, { bigint: true });
    const stubs: Stub[] = [];
    for (const made of prefixes.slice(names.length - missing)) {
      createEntry(this.#host(made), made === path ? kind : "directory");
      stubs.push({ path: made, inode: lstatSync(this.#upper(made), { bigint: true }).ino });
    }
    setModificationTime(Buffer.from(parent).toString("latin1"), mtimeNs);
    return stubs;
  }

  #mustBe(kind: "directory" | "file", path: string, target: string): void {
    const isDirectory = lstatSync(this.#host(path)).isDirectory();
    if (isDirectory === (kind === "directory")) return;
    const found = isDirectory ? "a directory" : "no directory";
    throw new BuildError("SANDBOX", `Cannot mount over "${target}": it is ${found} in the image`);
  }

  #host(path: string): string {
    return posix.join(this.#overlay.root, path);
  }

  #upper(path: string): string {
    return posix.join(this.#overlay.upper, path);
  }
}

function createEntry(path: string, kind: "directory" | "file"): void {
  if (kind === "directory") mkdirSync(path, 0o755);
  else closeSync(openSync(path, "wx", 0o644));
}

/** True for `path` itself and what lies under it. */
export function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
