import { statfsSync } from "node:fs";
import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { mount, unmount } from "../sys/mounts.js";
import { setXattr } from "../sys/xattrs.js";

/** A directory of the host that is a filesystem of its own, in memory; gone when it is disposed. */
export class MemoryDirectory implements Disposable {
  readonly path: string;
  #mounted = true;

  private constructor(path: string) {
    this.path = path;
  }

  /** Puts one of at most `size` bytes in place of an empty directory. */
  static mount(path: string, size: number, userNamespace: boolean): MemoryDirectory {
    mount({ source: "tmpfs", target: path, type: "tmpfs", options: `size=${size},mode=755` });
    const memory = new MemoryDirectory(path);
    try {
      // overlayfs would do without, and lose what replaces a directory
      setXattr(path, `${userNamespace ? "user" : "trusted"}.tsbuild`, Buffer.from("y"));
      return memory;
    } catch (cause) {
      memory[Symbol.dispose]();
      throw isSystemError(cause, "ENOTSUP", "EOPNOTSUPP") ? noAttributes(cause) : cause;
    }
  }

  /** Whether next to nothing fits in any more. */
  isFull(): boolean {
    const { bavail, blocks, ffree } = statfsSync(this.path);
    return bavail * 64 < blocks || ffree === 0;
  }

  [Symbol.dispose](): void {
    if (this.#mounted) unmount(this.path);
    this.#mounted = false;
  }
}

function noAttributes(cause: unknown): BuildError {
  return new BuildError(
    "UNSUPPORTED",
    "Cannot keep what a RUN writes in memory: this kernel's tmpfs takes no extended attributes of users",
    { hint: "it needs Linux 6.6, or root; unset TSBUILD_RUN_TMPFS", cause },
  );
}
