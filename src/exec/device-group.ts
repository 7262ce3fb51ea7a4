import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { isSystemError } from "../sys/system-error.js";
import { removeCgroup } from "./cgroups.js";
import { deviceRules, type DeviceRule } from "./device-rules.js";

const DEVICES = "/sys/fs/cgroup/devices";

/**
 * One cgroup for every step of a build, where cgroups are v1: a container's own is a directory in each
 * of a dozen hierarchies there, which costs it 5 ms. A step without limits needs only this one of
 * them, for it may make device nodes but not open them.
 */
export class DeviceGroup implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where cgroups are v2, or where there are none. */
  static make(name: string): DeviceGroup | undefined {
    if (!existsSync(posix.join(DEVICES, "devices.list"))) return undefined;
    const path = posix.join(DEVICES, name);
    makeUnlessThere(path); // of another executor of this process
    const group = new DeviceGroup(path);
    for (const rule of deviceRules(false)) {
      writeFileSync(posix.join(path, rule.allow ? "devices.allow" : "devices.deny"), line(rule));
    }
    return group;
  }

  /**
   * A process of one thread that writes 0 into it joins. Whoever writes into "cgroup.procs" waits until the kernel is
   * sure that nothing forks anywhere, which takes 10 to 30 ms.
   */
  get members(): string {
    return posix.join(this.path, "tasks");
  }

  /** Succeeds once its last process has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeCgroup(this.path);
  }
}

/** `recursive` would tell of a read-only tree, which containers have, that it is not there. */
function makeUnlessThere(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
  }
}

/** As in Linux's Documentation/admin-guide/cgroup-v1/devices.rst, section 2. */
function line({ type, major, minor, access }: DeviceRule): string {
  return `${type ?? "a"} ${major ?? "*"}:${minor ?? "*"} ${access}`;
}
