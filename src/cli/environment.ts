import { userInfo } from "node:os";
import { join } from "node:path";
import type { Environment } from "./asked.js";

/** A variable; one that is empty counts as one that is not set. */
export function given(env: Environment, name: string): string | undefined {
  return env[name] || undefined;
}

/** What is below the user's own directory. */
export function atHome(env: Environment, ...path: readonly string[]): string {
  return join(given(env, "HOME") ?? userInfo().homedir, ...path);
}
