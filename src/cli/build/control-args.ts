import { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";

/** Control arguments that are switches, and what they would switch on that tsbuild cannot do. */
const switches: ReadonlyMap<string, string | undefined> = new Map([
  ["BUILDKIT_MULTI_PLATFORM", undefined],
  ["BUILDKIT_INLINE_CACHE", undefined],
]);

/** Refuses values of control arguments that mean nothing, or what tsbuild cannot do (S17). */
export function checkControlArgs(buildArgs: ReadonlyMap<string, string>): void {
  for (const [name, what] of switches) {
    const value = buildArgs.get(name);
    if (value === undefined || value === "") continue;
    const wanted = parseGoBoolean(value);
    if (wanted === undefined) throw bad(name, value, "want true or false");
    if (!wanted || what === undefined) continue;
    const message = `Cannot use --build-arg ${name}=${value}: ${what} is not supported yet`;
    throw new BuildError("UNSUPPORTED", message, { hint: "leave it out" });
  }
}

function bad(name: string, value: string, why: string): BuildError {
  return new BuildError("USAGE", `Cannot use --build-arg ${name}="${value}": ${why}`);
}
