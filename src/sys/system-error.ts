import { constants } from "node:os";
import { lastErrno } from "./libc.js";

/** A failed system call, in the shape of node's own errors. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly path: string | undefined;

  constructor(syscall: string, errno: number, path: string | undefined) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(`${code}: ${syscall}${path === undefined ? "" : ` "${path}"`}`);
    this.code = code;
    this.errno = -errno;
    this.syscall = syscall;
    this.path = path;
  }
}

const errnoNames = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));

/** True for a SystemError, or an error of node's, with one of these codes. */
export function isSystemError(
  error: unknown,
  ...codes: readonly string[]
): error is Error & { readonly code: string } {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return false;
  return codes.length === 0 || codes.includes(error.code);
}

/** Throws the SystemError of a call that answered with a negative number. */
export function check(result: number, syscall: string, path?: string): number {
  if (result < 0) throw new SystemError(syscall, lastErrno(), path);
  return result;
}
