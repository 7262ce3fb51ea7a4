import { chmodSync, fchmodSync, fchownSync, lchownSync } from "node:fs";
import { BuildError } from "../error.js";
import { toHostPath, toText, type BytePath } from "../oci/changeset.js";
import { FileStat, fileTypes } from "../sys/file-stat.js";
import { getXattr, setXattr } from "../sys/xattrs.js";
import { isSystemError } from "../sys/system-error.js";
import { setTimesOf } from "./file-times.js";
import type { Metadata } from "./metadata.js";
import { isPortable, OverlayXattrs } from "./overlay-xattrs.js";

/** How a directory is written. */
export interface Form {
  /**
   * For people, not for overlayfs: owners are not applied, of the extended attributes only "user.",
   * and a whiteout removes.
   */
  readonly plain: boolean;
  /** In a user namespace: what the kernel forbids there (devices, some attributes) is left out. */
  readonly userNamespace: boolean;
  /** Files are those of other layers, which nobody changes, under one more name. */
  readonly linked?: boolean;
}

/** Times that every filesystem can store. */
const MAX_MTIME = 0x7fffffff;

/** Gives written files their owner, mode and extended attributes. */
export class MetadataWriter {
  readonly #form: Form;
  readonly #overlay: OverlayXattrs;
  readonly #stat = new FileStat();
  /** Whether all was stored as it was given. */
  exact = true;

  constructor(form: Form) {
    this.#form = form;
    this.#overlay = new OverlayXattrs(form);
  }

  /**
   * All but the time, which comes last of all. Never follows a symlink. A new owner takes setuid and
   * capabilities away, a new mode changes access control lists; hence the order.
   */
  apply(metadata: Metadata, host: BytePath): void {
    const { uid, gid, mode } = metadata;
    if (!this.#form.plain) {
      chown(metadata, () => {
        lchownSync(toHostPath(host), uid, gid);
      });
    }
    const isLink = this.#stat.lstat(host) && this.#stat.type === fileTypes.symlink;
    if (!isLink) chmodSync(toHostPath(host), mode);
    else if (mode !== 0o777) this.exact = false;
    this.#xattrs(metadata, host);
  }

  /** The same for an open regular file, and its time. */
  applyToFile(metadata: Metadata, host: BytePath, fd: number): void {
    const { uid, gid, mode, mtime } = metadata;
    if (!this.#form.plain) {
      chown(metadata, () => {
        fchownSync(fd, uid, gid);
      });
    }
    fchmodSync(fd, mode);
    this.#xattrs(metadata, host);
    setTimesOf(fd, mtime);
  }

  #xattrs({ mtime, xattrs }: Metadata, host: BytePath): void {
    if (mtime < 0 || mtime > MAX_MTIME) this.exact = false;
    for (const [name, value] of xattrs ?? []) this.#xattr(host, name, value);
  }

  #xattr(host: BytePath, name: string, value: Uint8Array): void {
    if (!isPortable(name) || (this.#form.plain && !name.startsWith("user."))) {
      this.exact = false;
      return;
    }
    const stored = this.#form.plain ? name : this.#overlay.escape(name);
    try {
      setXattr(host, stored, value);
    } catch (error) {
      this.exact = false;
      const forgiving = this.#form.plain || this.#form.userNamespace;
      if (forgiving && isSystemError(error, "EPERM", "EOPNOTSUPP", "ENOTSUP")) return;
      throw xattrFailed(host, name, error);
    }
    // The kernel may store access control lists and capabilities in another form.
    if (!name.startsWith("user.") && getXattr(host, stored)?.equals(value) !== true) {
      this.exact = false;
    }
  }
}

function chown({ uid, gid }: Metadata, change: () => void): void {
  try {
    change();
  } catch (error) {
    if (isSystemError(error, "EINVAL")) throw foreignOwner(uid, gid, error);
    throw error;
  }
}

function foreignOwner(uid: number, gid: number, cause: unknown): BuildError {
  return new BuildError(
    "NO_SUBORDINATE_IDS",
    `Cannot make a file of owner ${uid}:${gid}: the user namespace has no such id`,
    { hint: "give this user a bigger range in /etc/subuid and /etc/subgid", cause },
  );
}

function xattrFailed(host: BytePath, name: string, cause: unknown): BuildError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BuildError(
    "SYSTEM",
    `Cannot set the extended attribute "${name}" of "${toText(host)}": ${reason}`,
    { cause },
  );
}
