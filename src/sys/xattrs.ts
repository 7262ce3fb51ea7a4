import { constants } from "node:os";
import { bind, cPath, lastErrno } from "./libc.js";
import { check, SystemError } from "./system-error.js";

const c = {
  lsetxattr: bind("int lsetxattr(const char*, const char*, const void*, size_t, int)"),
  lgetxattr: bind("long lgetxattr(const char*, const char*, void*, size_t)"),
  llistxattr: bind("long llistxattr(const char*, void*, size_t)"),
  lremovexattr: bind("int lremovexattr(const char*, const char*)"),
};

const { ENODATA, EOPNOTSUPP } = constants.errno;

/** lsetxattr(2): never follows a symlink. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  check(c.lsetxattr(cPath(path), cPath(name), value, value.byteLength, 0), "lsetxattr", path);
}

/** lgetxattr(2): undefined when there is none of that name, or the filesystem has none at all. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const size = c.lgetxattr(cPath(path), cPath(name), valueBuffer, valueBuffer.byteLength);
  if (size >= 0) return Buffer.from(valueBuffer.subarray(0, size));
  const errno = lastErrno();
  if (errno === ENODATA || errno === EOPNOTSUPP) return undefined;
  throw new SystemError("lgetxattr", errno, path);
}

/** lremovexattr(2): there must be one of that name. */
export function removeXattr(path: string, name: string): void {
  check(c.lremovexattr(cPath(path), cPath(name)), "lremovexattr", path);
}

/** llistxattr(2): names in the kernel's order; none where the filesystem has no xattrs. */
export function listXattrs(path: string): readonly string[] {
  const size = c.llistxattr(cPath(path), listBuffer, listBuffer.byteLength);
  if (size === 0) return [];
  if (size > 0) return listBuffer.toString("latin1", 0, size - 1).split("\0");
  if (lastErrno() === EOPNOTSUPP) return [];
  throw new SystemError("llistxattr", lastErrno(), path);
}

const valueBuffer = Buffer.allocUnsafe(65536); // XATTR_SIZE_MAX
const listBuffer = Buffer.allocUnsafe(65536); // XATTR_LIST_MAX
