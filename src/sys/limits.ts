/** Bytes of a name (limits.h). */
export const NAME_MAX = 255;
/** Symlinks in one path: more than these are a loop (path_resolution(7)). */
export const MAX_SYMLINKS = 40;
