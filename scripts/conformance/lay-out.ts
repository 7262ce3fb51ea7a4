import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lutimesSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Case } from "./case.js";

/** Who owns the files, and runs the setup. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** When files were changed that no setup gave a time: any time that has passed long ago. */
export const usualTime = new Date("2020-01-01T00:00:00Z");

/** Times after this one are those of the build. */
export const recent = new Date("2025-01-01T00:00:00Z");

/** Writes a case's files into the empty directory `directory`, in which it can then be built. */
export function layOut({ files, setup }: Case, directory: string, owner?: Owner): void {
  const own = (path: string): void => {
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  };
  chmodSync(directory, 0o755);
  own(directory);
  for (const { name, text } of files) {
    const path = join(directory, name);
    makeParents(path, own);
    if (name.endsWith("/")) continue;
    writeFileSync(path, text, { mode: 0o644 });
    own(path);
  }
  if (setup !== undefined) runSetup(setup, directory, owner);
  setTimes(Buffer.from(directory));
}

function makeParents(path: string, own: (path: string) => void): void {
  const directory = path.endsWith("/") ? path.slice(0, -1) : dirname(path);
  const first = mkdirSync(directory, { recursive: true, mode: 0o755 });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) own(made);
}

function runSetup(script: string, cwd: string, owner: Owner | undefined): void {
  const { status, stderr } = spawnSync("sh", ["-euc", `umask 022\n${script}`], {
    cwd,
    encoding: "utf8",
    ...owner,
  });
  if (status !== 0) throw new Error(`Cannot set up: ${stderr}`);
}

/** The entries of a directory first, because to look into it may change it. */
function setTimes(path: Buffer): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    for (const name of readdirSync(path, { encoding: "buffer" })) {
      setTimes(Buffer.concat([path, Buffer.from("/"), name]));
    }
  }
  if (stat.mtime > recent) lutimesSync(path, usualTime, usualTime);
}
