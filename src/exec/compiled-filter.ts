import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { release } from "node:os";
import { compileFilter } from "../sys/libseccomp.js";
import { seccompProfile } from "./seccomp-profile.js";
import { shorterFilter } from "./shorter-filter.js";

/** Where compiled filters outlive a build, in base64. */
export interface FilterStore {
  get(key: string): string | undefined;
  put(key: string, program: string): void;
}

/**
 * The seccomp filter of a sandboxed step, compiled, in base64; undefined where it cannot be. Compiling it costs
 * more than 14 ms of processor time, more than all the rest of a container, so that it is done once. `runtime` is the
 * path of crun, which takes one by annotation (crun(1), run.oci.seccomp_bpf_data).
 */
export function compiledFilter(
  runtime: string,
  architecture: string,
  store: FilterStore | undefined,
): string | undefined {
  const profile = seccompProfile(architecture);
  if (profile === undefined) return undefined;
  const key = keyOf(runtime, JSON.stringify(profile));
  const known = store?.get(key);
  if (known !== undefined) return known;
  const compiled = compileFilter(profile);
  if (compiled === undefined) return undefined;
  const program = shorterFilter(compiled).toString("base64");
  store?.put(key, program);
  return program;
}

/** Another version of the runtime comes with another one of the library, and another kernel has other calls. */
function keyOf(runtime: string, profile: string): string {
  const { ino, size, mtimeMs } = statSync(runtime);
  const facts = ["intervals", runtime, ino, size, mtimeMs, release(), profile];
  return createHash("sha256").update(facts.join("\0")).digest("hex");
}
