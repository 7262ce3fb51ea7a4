import type { Span } from "../error.js";
import type { Origin } from "./origin.js";

interface MountBase {
  /** The flag. */
  readonly at: Span;
}

/** Files of a stage, an image or a context. */
export interface RunBind extends MountBase {
  readonly kind: "bind";
  readonly target: string;
  /** Undefined: nothing at all (`from=scratch`). */
  readonly origin: Origin | undefined;
  /** Absolute in the origin; "/" is all of it. */
  readonly source: string;
  /** Otherwise what is written is thrown away with the step. */
  readonly readonly: boolean;
}

/** A directory that stays from build to build. */
export interface RunCache extends MountBase {
  readonly kind: "cache";
  readonly target: string;
  /** With the namespace of BUILDKIT_CACHE_MOUNT_NS. */
  readonly id: string;
  readonly sharing: "shared" | "private" | "locked";
  readonly readonly: boolean;
  /** What a new one is a copy of; undefined: it is empty. */
  readonly seed: { readonly origin: Origin; readonly source: string } | undefined;
  /** Of a new one; undefined where nothing was said. */
  readonly owner: MountOwner | undefined;
}

/** Memory. */
export interface RunTmpfs extends MountBase {
  readonly kind: "tmpfs";
  readonly target: string;
  /** In bytes; undefined is the kernel's default. */
  readonly size: number | undefined;
  readonly readonly: boolean;
}

/** The value of a secret, as a file, a variable, or both. */
export interface RunSecret extends MountBase {
  readonly kind: "secret";
  readonly id: string;
  readonly target: string | undefined;
  readonly env: string | undefined;
  readonly required: boolean;
  readonly owner: MountOwner;
}

/** A socket on which an agent answers for the user's keys. */
export interface RunSsh extends MountBase {
  readonly kind: "ssh";
  readonly id: string;
  readonly target: string;
  readonly required: boolean;
  readonly owner: MountOwner;
}

/** Owner and permission bits of what is made for a mount. */
export interface MountOwner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** `RUN --mount`: what a step sees that no layer holds. Targets are absolute and clean. */
export type RunMount = RunBind | RunCache | RunTmpfs | RunSecret | RunSsh;
