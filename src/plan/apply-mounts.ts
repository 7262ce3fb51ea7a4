import { posix } from "node:path";
import type { Flag, Run } from "../parser/instruction.js";
import { originOf, resolveFrom } from "./copy-from.js";
import { expandIn, type Draft } from "./draft.js";
import { badMount, readMountOptions, type MountOptions } from "./mount-options.js";
import { refuseNul } from "./nul.js";
import { joinWorkdir } from "./paths.js";
import type { ImageRequest } from "./plan.js";
import type { MountOwner, RunMount } from "./run-mount.js";
import type { Origin } from "./origin.js";

/** The mounts of a RUN as they are written. */
export function readMounts(
  draft: Draft,
  { flags }: Run,
  images: ImageRequest[],
): readonly RunMount[] {
  const mounts: RunMount[] = [];
  for (const flag of flags.filter(({ name }) => name === "mount")) {
    const agents = mounts.filter(({ kind }) => kind === "ssh").length;
    const mount = new MountReader(draft, flag, images).read(agents);
    refuseNul(mount.target ?? "");
    mounts.push(mount);
  }
  return mounts;
}

/** By target, so that one may lie within another. */
export function inMountingOrder(mounts: readonly RunMount[]): readonly RunMount[] {
  return mounts.toSorted((a, b) => compareText(a.target ?? "", b.target ?? ""));
}

/** One `--mount`. */
class MountReader {
  readonly #draft: Draft;
  readonly #flag: Flag;
  readonly #images: ImageRequest[];
  readonly #options: MountOptions;

  constructor(draft: Draft, flag: Flag, images: ImageRequest[]) {
    const { value: text = "", at } = flag;
    const expand = (value: string): string => expandIn(draft, { text: value, at });
    this.#draft = draft;
    this.#flag = flag;
    this.#images = images;
    this.#options = readMountOptions({ text, at, expand });
  }

  /** `agents`: how many ssh mounts of the instruction came before. */
  read(agents: number): RunMount {
    const { at } = this.#flag;
    const { type, required = false, readonly = type === "bind", size, env } = this.#options;
    switch (type) {
      case "bind": {
        const origin = this.#origin({ kind: "context" });
        return { kind: type, at, target: this.#target(), origin, source: this.#source, readonly };
      }
      case "cache":
        return this.#cache();
      case "tmpfs":
        return { kind: type, at, target: this.#target(), size, readonly };
      case "secret": {
        const id = this.#secretId;
        const target = this.#secretTarget(id);
        return { kind: type, at, id, target, env, required, owner: this.#owner(0o400) };
      }
      case "ssh": {
        const { id, target } = this.#options;
        const socket = target ? this.#target() : `/run/buildkit/ssh_agent.${agents}`;
        const owner = this.#owner(0o600);
        return { kind: type, at, id: id || "default", target: socket, required, owner };
      }
    }
  }

  #cache(): RunMount {
    const { target: written = "", id, sharing = "shared", readonly = false } = this.#options;
    const namespace = this.#draft.setting.options.buildArgs.get("BUILDKIT_CACHE_MOUNT_NS") ?? "";
    const origin = this.#origin(undefined);
    if (origin === undefined && this.#source !== "/") {
      throw this.#bad(
        `there is no "${this.#source}" in a new cache`,
        "say with from= what it is of",
      );
    }
    const { mode, uid, gid } = this.#options;
    const owned = mode !== undefined || uid !== undefined || gid !== undefined;
    return {
      kind: "cache",
      at: this.#flag.at,
      target: this.#target(),
      id: `${namespace}/${id || posix.normalize(written).replace(/(?<=.)\/$/, "")}`,
      sharing,
      readonly,
      seed: origin && { origin, source: this.#source },
      owner: owned ? this.#owner(0o755) : undefined,
    };
  }

  /** Absolute: a relative one is below WORKDIR (R03). */
  #target(): string {
    const { target = "" } = this.#options;
    const path = joinWorkdir(this.#draft.config.WorkingDir ?? "", target);
    if (path === "/") throw this.#bad(`invalid mount target "${target}"`);
    return path;
  }

  get #source(): string {
    return joinWorkdir("/", this.#options.source ?? "");
  }

  /** An empty one is none, so that a variable can decide. */
  get #secretId(): string {
    const { id, source, target = "" } = this.#options;
    return source || id || posix.basename(target);
  }

  /** A secret that is only a variable has none. */
  #secretTarget(id: string): string | undefined {
    const { target, env } = this.#options;
    if (target) return this.#target();
    return env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined;
  }

  #owner(mode: number): MountOwner {
    const { uid = 0, gid = 0 } = this.#options;
    return { uid, gid, mode: this.#options.mode ?? mode };
  }

  #origin(otherwise: Origin | undefined): Origin | undefined {
    const { from = "" } = this.#options;
    if (from === "") return otherwise;
    if (from === "scratch") return undefined;
    const { stages, setting } = this.#draft;
    return originOf(resolveFrom({ ...this.#flag, value: from }, stages, setting), this.#images);
  }

  #bad(why: string, hint?: string): Error {
    return badMount(this.#flag.value ?? "", this.#flag.at, why, hint);
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
