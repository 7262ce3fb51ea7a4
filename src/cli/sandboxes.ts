import type { Executor } from "../exec/executor.js";
import { given } from "./environment.js";
import type { Session } from "./session.js";

/** Opens what runs commands in sandboxes, with the runtime that TSBUILD_RUNTIME names. */
export async function openSandboxes(
  { io, namespace, store }: Session,
  warn: (message: string) => void,
): Promise<Executor> {
  const { openExecutor } = await import("../exec/oci-executor.js");
  return await openExecutor({
    work: store.work,
    userNamespace: namespace.user,
    filters: store.database.table("seccomp-filters"),
    runtime: given(io.env, "TSBUILD_RUNTIME"),
    searchPath: io.env["PATH"],
    warn,
  });
}
