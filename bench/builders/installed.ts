import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { Missing } from "../builder.js";

/** The program itself, where it can be run. */
export async function installed(path: string): Promise<string> {
  try {
    await access(path, constants.X_OK);
    return path;
  } catch {
    throw new Missing(`${path} is not installed`);
  }
}

/** Peers that need root are left out for an ordinary user. */
export function needRoot(name: string): void {
  if (process.getuid?.() !== 0) throw new Missing(`${name} is measured as root only`);
}
