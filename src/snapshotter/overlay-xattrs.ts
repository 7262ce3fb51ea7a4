import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { getXattr, listXattrs, removeXattr, setXattr } from "../sys/xattrs.js";

/**
 * How overlayfs stores its own marks: "trusted." as root, "user." in a user namespace, where the
 * former are forbidden (mount option "userxattr").
 */
export class OverlayXattrs {
  readonly #prefix: string;

  constructor({ userNamespace }: { readonly userNamespace: boolean }) {
    this.#prefix = userNamespace ? "user.overlay." : "trusted.overlay.";
  }

  /** Hides in the merged view what lower layers have in directory `path`. */
  setOpaque(path: string): void {
    setXattr(path, `${this.#prefix}opaque`, YES);
  }

  /** Takes that back. */
  clearOpaque(path: string): void {
    removeXattr(path, `${this.#prefix}opaque`);
  }

  isOpaque(path: string): boolean {
    return getXattr(path, `${this.#prefix}opaque`)?.equals(YES) === true;
  }

  /**
   * Marks a layer's root directory as an entry of its changeset. A layer has a root directory
   * anyway, and most layers do not mean to change that of the layers below. A name of ours among
   * overlayfs's own, which it keeps out of the merged view.
   */
  setRootListed(root: string): void {
    setXattr(root, `${this.#prefix}tsbuild.root`, YES);
  }

  isRootListed(root: string): boolean {
    return getXattr(root, `${this.#prefix}tsbuild.root`) !== undefined;
  }

  /** Whether an attribute tells where in the layers below a file was copied up from. */
  isOrigin(name: string): boolean {
    return name === `${this.#prefix}origin`;
  }

  /** As `setOpaque`, for a directory that is yet to be written with these attributes. */
  markOpaque(xattrs: Map<string, Uint8Array>): void {
    xattrs.set(`${this.#prefix}opaque`, YES);
  }

  /** As `setRootListed`, in the same way. */
  markRootListed(xattrs: Map<string, Uint8Array>): void {
    xattrs.set(`${this.#prefix}tsbuild.root`, YES);
  }

  /** As `isOpaque`, of attributes that were read already. */
  areOpaque(xattrs: ReadonlyMap<string, Uint8Array>): boolean {
    const value = xattrs.get(`${this.#prefix}opaque`);
    return value !== undefined && YES.equals(value);
  }

  /** As `isRootListed`, in the same way. */
  areRootListed(xattrs: ReadonlyMap<string, Uint8Array>): boolean {
    return xattrs.has(`${this.#prefix}tsbuild.root`);
  }

  /**
   * The name under which an attribute of a changeset is stored. A hostile layer may carry marks of
   * overlayfs's ("redirect" shows other directories), so these get overlayfs's own escape.
   */
  escape(name: string): string {
    if (!name.startsWith(this.#prefix)) return name;
    return `${this.#prefix}overlay.${name.slice(this.#prefix.length)}`;
  }

  /** The opposite of `escape`; undefined for overlayfs's own marks. */
  unescape(name: string): string | undefined {
    if (!name.startsWith(this.#prefix)) return name;
    const escaped = `${this.#prefix}overlay.`;
    return name.startsWith(escaped) ? `${this.#prefix}${name.slice(escaped.length)}` : undefined;
  }
}

const YES = Buffer.from("y");

/** Whether that is how overlayfs stores that lower layers' file of the name is gone ("whiteouts and opaque directories"). */
export function isWhiteout({ type, deviceMajor, deviceMinor }: FileStat): boolean {
  return type === fileTypes.char && deviceMajor === 0 && deviceMinor === 0;
}

/** The extended attributes that belong to a file's content, under the names that `rename` gives. */
export function readXattrs(
  path: string,
  rename: (name: string) => string | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  const names = listXattrs(path);
  if (names.length === 0) return undefined;
  const xattrs = new Map<string, Uint8Array>();
  for (const stored of [...names].sort()) {
    const name = isPortable(stored) ? rename(stored) : undefined;
    const value = name === undefined ? undefined : getXattr(path, stored);
    if (name !== undefined && value !== undefined) xattrs.set(name, value);
  }
  return xattrs.size === 0 ? undefined : xattrs;
}

/** Other "security." and "system." attributes are labels and views of one machine only. */
export function isPortable(name: string): boolean {
  if (name.startsWith("security.")) return name === "security.capability";
  if (name.startsWith("system.")) return name.startsWith("system.posix_acl_");
  return true;
}
