import { homedir } from "node:os";
import { join } from "node:path";
import type { Io } from "./io.js";

/** Docker's config.json: in DOCKER_CONFIG, else in ~/.docker. */
export function dockerConfigPath(env: Io["env"]): string {
  return join(env["DOCKER_CONFIG"] ?? join(env["HOME"] ?? homedir(), ".docker"), "config.json");
}
