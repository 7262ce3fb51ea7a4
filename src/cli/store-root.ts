import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Io } from "./io.js";
import type { Namespace } from "./namespace.js";

/** TSBUILD_ROOT, else the place for data of the system or of the user. */
export function storeRoot(io: Pick<Io, "cwd" | "env">, namespace: Namespace): string {
  const { env } = io;
  const given = env["TSBUILD_ROOT"];
  if (given !== undefined && given !== "") return isAbsolute(given) ? given : join(io.cwd, given);
  if (!namespace.user) return "/var/lib/tsbuild";
  return join(env["XDG_DATA_HOME"] ?? join(env["HOME"] ?? homedir(), ".local", "share"), "tsbuild");
}
