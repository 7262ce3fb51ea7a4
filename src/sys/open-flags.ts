/** Numbers of Linux's headers that several calls take; the same on every architecture that node runs on. */

/** Instead of a directory: names are relative to the working directory (fcntl.h). */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const O_CLOEXEC = 0o2000000;
/** Opens nothing yet: a FIFO would block, a device might act. Not in node's constants. */
export const O_PATH = 0o10000000;
