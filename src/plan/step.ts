import type { Span } from "../error.js";
import type { Origin } from "./origin.js";
import type { RemoteSource } from "./remote-source.js";
import type { RunDevice } from "./run-device.js";
import type { RunMount } from "./run-mount.js";

interface StepBase {
  readonly at: Span;
  /** For progress: the instruction with its variables expanded, such as "COPY src /app/src". */
  readonly title: string;
  /** What a step that cross-compiles builds for, by its TARGET… arguments: "arm64". */
  readonly target?: string;
}

/** `RUN`: what the sandbox executes. */
export interface RunStep extends StepBase {
  readonly kind: "run";
  readonly argv: readonly string[];
  /** "NAME=value" in order: the image's ENV, the ARGs in scope, the default PATH. */
  readonly env: readonly string[];
  /** Proxy variables: seen by the step, never part of its key or of the history. */
  readonly proxyEnv: readonly string[];
  /** As USER wrote it, resolved in the rootfs when the step runs; empty means root. */
  readonly user: string;
  readonly cwd: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  /** By target, so that one may lie within another. */
  readonly mounts: readonly RunMount[];
  readonly devices: readonly RunDevice[];
  /** A heredoc that starts with "#!": made executable for the step and run in place of `argv[0]`. */
  readonly script: { readonly name: string; readonly body: string } | undefined;
  readonly written: RunText;
}

/** A RUN as the Dockerfile has it: decides nothing, but tells what changed. */
export interface RunText {
  /** What goes before `line`; empty in exec form. */
  readonly shell: readonly string[];
  /** Without the bodies of its heredocs. */
  readonly line: string;
  readonly heredocs: readonly { readonly name: string; readonly body: string }[];
  /** Names of `env` that are those of ARGs. */
  readonly args: readonly string[];
}

/** `COPY` and `ADD`. */
export interface CopyStep extends StepBase {
  readonly kind: "copy";
  readonly instruction: "COPY" | "ADD";
  readonly origin: Origin;
  /** Patterns as written after expansion, with Go's filepath.Match meaning, and what ADD downloads. */
  readonly sources: readonly (RemoteSource | string)[];
  /** Files written in place, after `sources`; mode 0644, owner root. */
  readonly files: readonly { readonly name: string; readonly body: string }[];
  /** Absolute; a trailing "/" (or "/." or "") says directory and is kept as "/". */
  readonly destination: string;
  /** `user[:group]`, names or ids; resolved in the destination's rootfs. */
  readonly chown: string | undefined;
  /** Octal or symbolic, as written. */
  readonly chmod: string | undefined;
  /** What to leave out of the directories among `sources`: lines as in a .dockerignore. */
  readonly exclude: readonly string[];
  /** Sources keep their directories below the destination: those behind "/./", else all. */
  readonly parents: boolean;
  readonly link: boolean;
  /** ADD: archives are unpacked. */
  readonly unpack: boolean;
}

/** `WORKDIR` other than "/": the directory is made where it is missing. */
export interface WorkdirStep extends StepBase {
  readonly kind: "workdir";
  /** Absolute and clean. */
  readonly path: string;
  /** Owner of what is made, as USER wrote it; empty means root. */
  readonly user: string;
}

/** One thing that makes a layer, after variables, stages and image names are resolved. */
export type Step = CopyStep | RunStep | WorkdirStep;

/** Where a step reads from: what it copies and what it mounts. */
export function readBy(step: Step): readonly Origin[] {
  switch (step.kind) {
    case "copy":
      return [step.origin];
    case "run":
      return step.mounts.flatMap((mount) => mountedBy(mount) ?? []);
    case "workdir":
      return [];
  }
}

/** What a mount shows, or starts with; undefined where that is nothing of the build. */
export function mountedBy(mount: RunMount): Origin | undefined {
  if (mount.kind === "bind") return mount.origin;
  return mount.kind === "cache" ? mount.seed?.origin : undefined;
}
