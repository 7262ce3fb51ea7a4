import koffi, { type LibraryHandle } from "koffi";

type Call = ReturnType<LibraryHandle["func"]>;

let libc: LibraryHandle | undefined;

/** A libc function that answers with a number, negative on failure; looked up at its first call. */
export function bind(prototype: string): (...args: readonly unknown[]) => number {
  const call = lookup(prototype);
  return (...args) => Number(call()(...args));
}

/** The same, off the main thread. Errno stays behind in the other one. */
export function bindAsync(prototype: string): (...args: readonly unknown[]) => Promise<number> {
  const call = lookup(prototype);
  return (...args) =>
    new Promise((resolve, reject) => {
      call().async(...args, (error: unknown, result: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve(Number(result));
      });
    });
}

/** Of the last call that failed. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Not before it is called: loading koffi takes two milliseconds. */
function lookup(prototype: string): () => Call {
  let call: Call | undefined;
  return () => {
    libc ??= koffi.load("libc.so.6");
    return (call ??= libc.func(prototype));
  };
}
