import { mkdirSync } from "node:fs";
import { posix } from "node:path";
import { mount, mountFlags, unmountAside } from "../sys/mounts.js";

/**
 * A directory in memory, for bundles and the runtime's state: making and removing ten files for each
 * step costs 4 ms on a disk, and secrets must not get onto one.
 */
export class MemoryDirectory implements AsyncDisposable {
  /** Exists once it is mounted. */
  readonly path: string;

  /** `work` exists and is private. */
  constructor(work: string) {
    this.path = posix.join(work, "sandbox");
  }

  /** The runtime's --root. */
  get state(): string {
    return posix.join(this.path, "runtime");
  }

  /** The bundle of a step (runtime-spec, bundle.md). */
  bundle(step: number): string {
    return posix.join(this.path, `step-${step}`);
  }

  mount(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const flags = mountFlags.nosuid | mountFlags.nodev;
    mount({ source: "tmpfs", target: this.path, type: "tmpfs", flags, options: "mode=700" });
  }

  /** Mounting may have failed, or never begun. On another thread, because the kernel takes its time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await unmountAside(this.path);
  }
}
