/**
 * Has V8 leave the space for new objects as small as it is: for a walk through very much that keeps next to nothing
 * of it as objects. V8 takes that for a reason to let it grow to 32 MB.
 */
export async function briefObjects(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8"); // most builds look at less
  setFlagsFromString("--semi-space-growth-factor=1"); // until another thread starts
}
