import { BuildError } from "../error.js";

/** Refuses a NUL character in what the system is given: a path, an argument or a variable would end there. */
export function refuseNul(text: string): void {
  if (!text.includes("\0")) return;
  throw new BuildError(
    "SYNTAX",
    `Cannot use ${JSON.stringify(text)}: it has a NUL character in it`,
  );
}
