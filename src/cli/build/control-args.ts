import { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";

/** Control arguments that are switches. */
const switches = ["BUILDKIT_MULTI_PLATFORM", "BUILDKIT_INLINE_CACHE"];

/** Refuses values of control arguments that mean nothing (S17). */
export function checkControlArgs(buildArgs: ReadonlyMap<string, string>): void {
  for (const name of switches) {
    const value = buildArgs.get(name);
    if (value === undefined || value === "" || parseGoBoolean(value) !== undefined) continue;
    const message = `Cannot use --build-arg ${name}="${value}": want true or false`;
    throw new BuildError("USAGE", message);
  }
}
