import { closeSync, constants, openSync, readSync } from "node:fs";
import { isSystemError } from "../sys/system-error.js";

/** What a shell, or the runtime, reports of a process that SIGKILL ended. */
const KILLED = 128 + 9;
/** Longer than any record. */
const RECORD = 1 << 14;

/**
 * Whether the kernel killed a process of the cgroup for want of memory. The kernel's log says so, by the
 * cgroup's name, which no other has; the cgroup itself is gone with its counters when a step has ended.
 * "Unknown" is no: an ordinary user may not read the log.
 */
export function ranOutOfMemory(code: number, cgroup: string | undefined): boolean {
  if (code !== KILLED || cgroup === undefined) return false;
  for (const record of kernelLog()) {
    if (/\boom-kill:/.test(record) && record.includes(`task_memcg=${cgroup},`)) return true;
  }
  return false;
}

function* kernelLog(): Generator<string> {
  const fd = openLog();
  if (fd === undefined) return;
  try {
    const buffer = Buffer.allocUnsafe(RECORD);
    for (;;) {
      const length = readRecord(fd, buffer);
      if (length === undefined) return;
      yield buffer.toString("latin1", 0, length);
    }
  } finally {
    closeSync(fd);
  }
}

function openLog(): number | undefined {
  try {
    return openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "EACCES", "EPERM")) return undefined;
    throw error;
  }
}

/** Its length; 0 for one that was overwritten meanwhile (EPIPE), undefined at the end. */
function readRecord(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer, 0, buffer.byteLength, null);
  } catch (error) {
    if (isSystemError(error, "EPIPE")) return 0;
    if (isSystemError(error, "EAGAIN", "EPERM")) return undefined;
    throw error;
  }
}
