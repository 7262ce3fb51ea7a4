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
  // Taken as a terminal, it is switched to send single keys and to echo none of them.
  const output = new PassThrough().resume();
  const lines = createInterface({ input, output, terminal: secret, historySize: 0 });
  err.write(question);
  const stopped = new Promise<never>((_resolve, reject) => {
    // Then Ctrl-C is a key, too.
    lines.once("SIGINT", () => {
      reject(new BuildError("CANCELLED", "Cannot go on: interrupted by SIGINT"));
    });
    lines.once("close", () => {
      reject(new BuildError("CANCELLED", "Cannot go on: the input ended"));
    });
  });
  try {
    return await Promise.race([lines.question("", { signal }), stopped]);
  } finally {
    stopped.catch(() => undefined); // closing ends the input
    lines.close();
    if (secret) err.write("\n");
  }
}
