import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { BuildError } from "../error.js";
import type { Io } from "./io.js";

/** Asks the user at the terminal for one line; with `secret` what is typed does not show. */
export async function ask(
  question: string,
  { in: input, err, signal }: Io,
  { secret = false } = {},
): Promise<string> {
  const output = secret ? new PassThrough().resume() : err;
  const lines = createInterface({ input, output, terminal: true, historySize: 0 });
  // Now that the terminal echoes no more.
  if (secret) err.write(question);
  // In the terminal's raw mode Ctrl-C is a key, and Ctrl-D ends the input.
  const stopped = new Promise<never>((_resolve, reject) => {
    lines.once("SIGINT", () => {
      reject(new BuildError("CANCELLED", "Cannot go on: interrupted by SIGINT"));
    });
    lines.once("close", () => {
      reject(new BuildError("CANCELLED", "Cannot go on: the input ended"));
    });
  });
  try {
    return await Promise.race([lines.question(question, { signal }), stopped]);
  } finally {
    stopped.catch(() => undefined); // closing ends the input
    lines.close();
    if (secret) err.write("\n");
  }
}
