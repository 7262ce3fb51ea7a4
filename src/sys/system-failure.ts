/** What node and the system calls throw: an errno name, the call, the path. */
export interface SystemFailure {
  readonly code: string;
  readonly syscall: string | undefined;
  readonly path: string | undefined;
}

interface Reason {
  readonly text: string;
  readonly hint?: string;
}

/** The errors that a machine's state explains. EBADF, EINVAL and their like are bugs of ours. */
const reasons: Readonly<Record<string, Reason>> = {
  EACCES: { text: "permission denied" },
  EBUSY: { text: "it is in use" },
  ECONNREFUSED: { text: "connection refused" },
  ECONNRESET: { text: "the connection broke" },
  EDQUOT: {
    text: "disk quota exceeded",
    hint: 'free some space, for example with "tsbuild prune"',
  },
  EFBIG: { text: "file too large" },
  EHOSTUNREACH: { text: "no route to the host" },
  EIO: { text: "input/output error", hint: "the disk may be failing: see dmesg" },
  EISDIR: { text: "it is a directory" },
  ELOOP: { text: "too many symbolic links" },
  EMFILE: {
    text: "too many open files",
    hint: 'raise the limit, for example with "ulimit -n 65536"',
  },
  ENAMETOOLONG: { text: "the name is too long" },
  ENETUNREACH: { text: "the network is unreachable" },
  ENFILE: { text: "too many open files on this machine" },
  ENOENT: { text: "no such file or directory" },
  ENOMEM: { text: "out of memory" },
  ENOSPC: {
    text: "no space left on device",
    hint: 'free some space, for example with "tsbuild prune"',
  },
  ENOTDIR: { text: "a part of the path is not a directory" },
  ENOTFOUND: { text: "the host name is unknown" },
  EPERM: { text: "operation not permitted" },
  EPIPE: { text: "the reader went away" },
  EROFS: { text: "the file system is read-only" },
  ESTALE: { text: "the network file system lost the file" },
  ETIMEDOUT: { text: "timed out" },
  EXDEV: { text: "source and destination are on different file systems" },
};

/** Verbs for the calls whose names do not read well. */
const verbs: Readonly<Record<string, string>> = {
  chmod: "change the mode of",
  chown: "change the owner of",
  copyfile: "copy",
  fchmod: "change the mode of",
  fchown: "change the owner of",
  fdatasync: "write",
  fsync: "write",
  ftruncate: "write",
  futime: "change the times of",
  getaddrinfo: "look up",
  lchown: "change the owner of",
  lsetxattr: "set attributes of",
  lstat: "look at",
  lutime: "change the times of",
  mkdir: "create",
  mkdtemp: "create",
  mknod: "create",
  opendir: "list",
  readlink: "read",
  rmdir: "remove",
  scandir: "list",
  setxattr: "set attributes of",
  spawn: "start",
  stat: "look at",
  statx: "look at",
  symlink: "create",
  unlink: "remove",
  utimensat: "change the times of",
};

/** True when the state of the machine, and not a bug, made a system call fail. */
export function isSystemFailure(error: unknown): error is Error & SystemFailure {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    Object.hasOwn(reasons, error.code)
  );
}

/** "no space left on device" for ENOSPC; a code that is not known as it is. */
export function reasonOf(code: string): string {
  return reasons[code]?.text ?? code;
}

/** "Cannot write "/x": no space left on device", and what to do about it. */
export function describeSystemFailure(failure: SystemFailure): {
  readonly message: string;
  readonly hint: string | undefined;
} {
  const { code, path } = failure;
  const call = (failure.syscall ?? "").split(" ")[0] ?? "";
  const verb = verbs[call] ?? (call === "" ? "go on" : call);
  const what = path === undefined || path === "" ? verb : `${verb} "${path}"`;
  return { message: `Cannot ${what}: ${reasonOf(code)}`, hint: reasons[code]?.hint };
}

/** What went wrong, for people, in one sentence. */
export function messageOf(error: unknown): string {
  if (isSystemFailure(error)) return describeSystemFailure(error).message;
  return error instanceof Error ? error.message : String(error);
}
