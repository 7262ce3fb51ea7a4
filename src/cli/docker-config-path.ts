import { join } from "node:path";
import { atHome, given } from "./environment.js";
import type { Io } from "./io.js";

/** Docker's config.json: in DOCKER_CONFIG, else in ~/.docker. */
export function dockerConfigPath(env: Io["env"]): string {
  return join(given(env, "DOCKER_CONFIG") ?? atHome(env, ".docker"), "config.json");
}
