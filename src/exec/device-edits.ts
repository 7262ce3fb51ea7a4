import type { BindMount } from "./sandbox-mount.js";

/** A device node that a process is given, and may open. */
export interface DeviceNode {
  /** In the sandbox. */
  readonly path: string;
  /** Of the host. */
  readonly source: string;
  /** Block device, character device, FIFO. */
  readonly type: "b" | "c" | "p";
  readonly major: number;
  readonly minor: number;
  /** What may be done with it, of "rwm": read, write, make nodes. */
  readonly access: string;
  readonly fileMode: number | undefined;
  /** Undefined is the user of the process. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** A program that the runtime starts for the sandbox (runtime-spec, config.md, "POSIX-platform Hooks"). */
export interface Hook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

/** What a process gets besides, because of the devices it uses. */
export interface DeviceEdits {
  /** "NAME=value", in place of variables of these names. */
  readonly env: readonly string[];
  readonly nodes: readonly DeviceNode[];
  readonly mounts: readonly BindMount[];
  readonly additionalGids: readonly number[];
  /** By when they are started: "createContainer" and the like. */
  readonly hooks: Readonly<Record<string, readonly Hook[]>>;
}
