import { chownSync, mkdtempSync } from "node:fs";
import type { Account } from "../../test/e2e/support/accounts.js";

/** A new directory that belongs to `account`; its name begins with the last part of `prefix`. */
export function ownDirectory({ uid, gid }: Account, prefix: string): string {
  const path = mkdtempSync(prefix);
  chownSync(path, uid, gid);
  return path;
}
