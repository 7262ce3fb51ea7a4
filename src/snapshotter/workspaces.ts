import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { mount, mountFlags, unmount, unmountAside } from "../sys/mounts.js";
import { emptyTree, removeTree } from "./remove-tree.js";

/** A private directory, and how to make directories in it. */
export interface Workspace {
  readonly workspace: string;
  readonly make: (name: string) => string;
}

/**
 * The directories that a driver works in. What is left in them is removed a little later, when the next step
 * is under way, and directories on another thread, and they are used again: where the disk is told at once
 * what is free (ext4 without a journal, "discard"), each directory that goes takes a millisecond or more.
 */
export class Workspaces {
  readonly #work: string;
  /** Empty ones. */
  readonly #spare: string[] = [];
  readonly #removals: (() => Promise<void>)[] = [];
  /** What begins to unmount something, at the first call. */
  readonly #unmounts = new Set<() => Promise<void>>();
  readonly #hurried = new AbortController();
  #removing: Promise<void> | undefined;
  #mounts: string | undefined;
  #points = 0;

  constructor(work: string) {
    this.#work = work;
  }

  take(): Workspace {
    return inWorkspace(this.#spare.pop() ?? mkdtempSync(join(this.#work, "snapshot-")));
  }

  /** Takes back a workspace with all that is in it. */
  giveBack({ workspace }: Pick<Workspace, "workspace">): void {
    this.#soon(async () => {
      await emptyTree(Buffer.from(workspace));
      this.#spare.push(workspace);
    });
  }

  /** Removes a directory in a workspace. */
  remove(directory: string): void {
    this.#soon(() => removeTree(directory));
  }

  /** A new directory to mount something on. */
  mountPoint(): string {
    const path = join((this.#mounts ??= this.#mountMemory()), `${++this.#points}`);
    mkdirSync(path, 0o755);
    return path;
  }

  /** Takes away what is mounted on a mount point, and that itself. */
  unmount(mountPoint: string): void {
    unmount(mountPoint);
    rmdirSync(mountPoint);
  }

  /** The same later, but before what is removed from now on, and on another thread: the kernel waits. */
  unmountSoon(mountPoint: string): void {
    let unmounting: Promise<void> | undefined;
    const begin = (): Promise<void> => (unmounting ??= this.#unmountAside(mountPoint));
    this.#unmounts.add(begin);
    this.#soon(async () => {
      await begin();
      this.#unmounts.delete(begin);
    });
  }

  /** Does not wait any longer with what is to be unmounted. */
  release(): void {
    for (const begin of this.#unmounts) begin().catch(() => undefined);
  }

  async #unmountAside(mountPoint: string): Promise<void> {
    if (await unmountAside(mountPoint)) rmdirSync(mountPoint);
  }

  /** Waits for what is being removed; then nothing is left but mount points. */
  async settled(): Promise<void> {
    this.#hurried.abort();
    await this.#removing;
    for (const workspace of this.#spare.splice(0)) rmdirSync(workspace);
  }

  #mountMemory(): string {
    const path = mkdtempSync(join(this.#work, "mounts-"));
    const flags = mountFlags.nosuid | mountFlags.nodev;
    mount({ source: "tmpfs", target: path, type: "tmpfs", flags, options: "mode=700" });
    return path;
  }

  /** One after the other. What cannot be removed is told by who removes all of the work directory. */
  #soon(action: () => Promise<void>): void {
    this.#removals.push(action);
    this.#removing ??= this.#removeAll();
  }

  async #removeAll(): Promise<void> {
    const { signal } = this.#hurried;
    await setTimeout(REST, undefined, { signal }).catch(() => undefined);
    for (let next = this.#removals.shift(); next !== undefined; next = this.#removals.shift()) {
      await next().catch(() => undefined);
    }
    this.#removing = undefined;
  }
}

function inWorkspace(workspace: string): Workspace {
  const make = (name: string): string => {
    const directory = join(workspace, name);
    mkdirSync(directory, 0o755);
    return directory;
  };
  return { workspace, make };
}

/**
 * What comes after a step is over by then, and the next one has made its mounts: while some are taken away, the kernel
 * lets others wait. In milliseconds.
 */
const REST = 9;
