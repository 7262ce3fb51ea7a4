/**
 * Has V8 make less of each function that it optimizes from now on: in a second or two in which much passes through
 * all of them, compiling what is inlined takes the processors longer than it spares.
 */
export async function lessInlining(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8"); // most builds read few files
  setFlagsFromString("--max-inlined-bytecode-size-cumulative=400"); // less than half of what it does else
}
