/** How much of it is under way: what V8 is told holds for the whole process. */
let underWay = 0;

/**
 * Has V8 collect garbage and compile less often until disposed: for a second or two in which much passes
 * through a small heap. Buffers count as a part of that heap, so that each dozen of megabytes had it
 * collected, by threads that take the processor from those that inflate; and what is optimized in a
 * second is hardly used. To let the heap grow by a factor of four is what V8 does with large ones.
 */
export async function bulkWork(): Promise<Disposable> {
  const { setFlagsFromString } = await import("node:v8"); // most builds have no such work
  if (underWay++ === 0) {
    setFlagsFromString("--interrupt-budget=270000"); // four times as many calls
    setFlagsFromString("--heap-growing-percent=300");
  }
  return {
    [Symbol.dispose]() {
      if (--underWay === 0) setFlagsFromString("--heap-growing-percent=0");
    },
  };
}
