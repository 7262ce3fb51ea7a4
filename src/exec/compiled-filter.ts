import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { release } from "node:os";
import { posix } from "node:path";
import { seccompProfile } from "./seccomp-profile.js";

const INSTRUCTION = 8; // bytes of a struct sock_filter

/** Where compiled filters outlive a build, in base64. */
export interface FilterStore {
  get(key: string): string | undefined;
  put(key: string, program: string): void;
}

/**
 * The seccomp filter as crun compiled it once. Compiling it costs a step 14 ms of processor time, more
 * than all the rest of its container; crun takes a compiled one by annotation (crun(1),
 * run.oci.seccomp_bpf_data).
 */
export class CompiledFilter {
  readonly #store: FilterStore | undefined;
  readonly #key: string;
  #program: string | undefined;

  private constructor(store: FilterStore | undefined, key: string) {
    this.#store = store;
    this.#key = key;
    this.#program = store?.get(key);
  }

  /** `runtime` is the path of the program that compiles: another version makes its own. */
  static async open(
    runtime: string,
    architecture: string,
    store: FilterStore | undefined,
  ): Promise<CompiledFilter> {
    const { ino, size, mtimeMs } = await stat(runtime);
    const profile = JSON.stringify(seccompProfile(architecture));
    const facts = [runtime, ino, size, mtimeMs, release(), profile];
    const key = createHash("sha256").update(facts.join("\0")).digest("hex");
    return new CompiledFilter(store, key);
  }

  get isKnown(): boolean {
    return this.#program !== undefined;
  }

  /** What to add to a specification: the filter, or a hook that saves it into the bundle. */
  additions(stateDirectory: string, bundle: string): object {
    if (this.#program !== undefined) {
      return { annotations: { "run.oci.seccomp_bpf_data": this.#program } };
    }
    const files = [posix.join(stateDirectory, "seccomp.bpf"), saved(bundle)];
    const args = ["sh", "-c", 'cp "$0" "$1" || :', ...files];
    return { hooks: { poststart: [{ path: "/bin/sh", args }] } };
  }

  /** Takes over what the hook saved; without it the next step tries again. */
  async take(bundle: string): Promise<void> {
    if (this.#program !== undefined) return;
    const program = await readFile(saved(bundle)).catch(() => Buffer.alloc(0));
    if (program.length === 0 || program.length % INSTRUCTION !== 0) return;
    this.#program = program.toString("base64");
    this.#store?.put(this.#key, this.#program);
  }
}

function saved(bundle: string): string {
  return posix.join(bundle, "seccomp.bpf");
}
