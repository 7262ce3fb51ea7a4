import type { BytePath, DirectoryEntry } from "../oci/changeset.js";
import { getXattr, listXattrs } from "../sys/xattrs.js";

/**
 * Tells which extended attributes COPY takes from one root filesystem to another: file capabilities
 * and the user's own. Others belong to a machine (SELinux labels, IMA) or to the overlay underneath. A
 * build context hands on none, as with BuildKit: there they are an accident of the checkout.
 */
function isKeptXattr(name: string): boolean {
  if (name === "security.capability") return true;
  return name.startsWith("user.") && !name.startsWith("user.overlay.");
}

/** Those of some that `isKeptXattr`. */
export function keptOf(xattrs: DirectoryEntry["xattrs"]): DirectoryEntry["xattrs"] {
  if (xattrs === undefined) return undefined;
  const kept = new Map([...xattrs].filter(([name]) => isKeptXattr(name)));
  return kept.size === 0 ? undefined : kept;
}

/** Those of a file that `isKeptXattr`. */
export function keptXattrs(host: BytePath): ReadonlyMap<string, Uint8Array> | undefined {
  const xattrs = new Map<string, Uint8Array>();
  for (const name of listXattrs(host)) {
    const value = isKeptXattr(name) ? getXattr(host, name) : undefined;
    if (value !== undefined) xattrs.set(name, value);
  }
  return xattrs.size === 0 ? undefined : xattrs;
}
