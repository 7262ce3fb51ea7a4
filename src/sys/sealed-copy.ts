import { closeSync, readFileSync, writeSync } from "node:fs";
import { bind } from "./libc.js";

const memfdCreate = bind("int memfd_create(const char*, unsigned int)");
const fcntl = bind("int fcntl(int, int, unsigned long)");

const MFD_CLOEXEC = 1;
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
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  let fd = memfdCreate("program", flags | MFD_EXEC);
  if (fd < 0) fd = memfdCreate("program", flags);
  if (fd < 0) return undefined;
  const bytes = readFileSync(program);
  for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at);
  if (fcntl(fd, F_ADD_SEALS, SEALS) === 0) return fd;
  closeSync(fd);
  return undefined;
}
