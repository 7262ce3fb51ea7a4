import { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { Io } from "../io.js";

/** Variables that would change what buildx builds, and how to do without them. */
const unsupported: readonly (readonly [name: string, hint: string])[] = [
  ["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY", "tsbuild has no source policies; unset it"],
];

/** Refuses variables that buildx obeys and tsbuild does not: an image must not differ silently (F34). */
export function checkEnvironment({ env }: Pick<Io, "env">): void {
  for (const [name, hint] of unsupported) {
    const value = env[name] ?? "";
    if (value === "" || parseGoBoolean(value) === false) continue;
    throw new BuildError("UNSUPPORTED", `Cannot use ${name} "${value}": not supported yet`, {
      hint,
    });
  }
}
