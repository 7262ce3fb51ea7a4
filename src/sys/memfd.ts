import { bind } from "./libc.js";
import { check } from "./system-error.js";

const create = bind("int memfd_create(const char*, unsigned int)");

/** memfd_create(2), close-on-exec, with further flags: a file in memory. The caller closes the descriptor. */
export function openMemfd(name: string, flags = 0): number {
  const MFD_CLOEXEC = 1;
  return check(create(name, MFD_CLOEXEC | flags), "memfd_create");
}
