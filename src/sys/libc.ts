import koffi, { type LibraryHandle } from "koffi";

/**
 * The system calls that node lacks are straight from libc, and all but those of `bindAsync` are synchronous; a
 * failure throws a SystemError with node's own `code`, `errno`, `syscall` and `path` (system-error.ts).
 */
type Call = ReturnType<LibraryHandle["func"]>;

let libc: LibraryHandle | undefined;

/** A libc function that answers with a number, negative on failure; looked up at its first call. */
export function bind(prototype: string): (...args: readonly unknown[]) => number {
  const call = lookup(prototype);
  return (...args) => Number(call()(...args));
}

/** The same of another library, by its soname, with an answer of any kind; throws where there is none. */
export function bindIn(
  library: string,
  prototype: string,
): (...args: readonly unknown[]) => unknown {
  let call: Call | undefined;
  return (...args): unknown => (call ??= koffi.load(library).func(prototype))(...args);
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

/** A path as libc takes it: of a byte string (each UTF-16 unit is one byte, see oci/changeset.ts), or in plain ASCII. */
export function cPath(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) {
    if (path.charCodeAt(i) > 0x7f) return Buffer.from(`${path}\0`, "latin1");
  }
  return path;
}

/** Not before it is called: loading koffi takes two milliseconds. */
function lookup(prototype: string): () => Call {
  let call: Call | undefined;
  return () => {
    libc ??= koffi.load("libc.so.6");
    return (call ??= libc.func(prototype));
  };
}
