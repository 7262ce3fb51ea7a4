import { isAbsolute, join } from "node:path";
import { atHome, given } from "./environment.js";
import type { Io } from "./io.js";
import type { Namespace } from "./namespace.js";

/** TSBUILD_ROOT, else the place for data of the system or of the user. */
export function storeRoot(io: Pick<Io, "cwd" | "env">, namespace: Namespace): string {
  const { env } = io;
  const root = given(env, "TSBUILD_ROOT");
  if (root !== undefined) return isAbsolute(root) ? root : join(io.cwd, root);
  if (!namespace.user) return "/var/lib/tsbuild";
  return join(given(env, "XDG_DATA_HOME") ?? atHome(env, ".local", "share"), "tsbuild");
}
