import { closeSync, readFileSync, writeSync } from "node:fs";
import { bind } from "./libc.js";
import { openMemfd } from "./memfd.js";
import { check, SystemError } from "./system-error.js";

const fcntl = bind("int fcntl(int, int, unsigned long)");

const MFD_ALLOW_SEALING = 2;
/** Since Linux 6.3, where it may be forbidden to execute others. */
const MFD_EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE: nobody changes it any more. */
const SEALS = 1 | 2 | 4 | 8;

/**
 * A program in memory that nobody can write to: its descriptor, which the caller closes. Undefined where
 * this kernel makes none.
 */
export function sealedCopy(program: string): number | undefined {
  const bytes = readFileSync(program);
  let fd: number | undefined;
  try {
    fd = openExecutable();
    for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
    check(fcntl(fd, F_ADD_SEALS, SEALS), "fcntl");
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

function openExecutable(): number {
  try {
    return openMemfd("program", MFD_ALLOW_SEALING | MFD_EXEC);
  } catch {
    return openMemfd("program", MFD_ALLOW_SEALING); // this kernel does not know the other flag
  }
}
