import { lstatSync, readdirSync, rmSync } from "node:fs";
import { toBytePath, toHostPath, type BytePath, type Changeset } from "../oci/changeset.js";

/** Removes from a directory what `tree` does not have there; links are removed, never followed. */
export async function removeOthers(tree: Changeset, directory: string): Promise<void> {
  const wanted = new Map<BytePath, boolean>();
  for await (const { path, type } of tree) wanted.set(path, type === "directory");
  removeFrom(toBytePath(directory), "" as BytePath, wanted);
}

function removeFrom(
  root: BytePath,
  parent: BytePath,
  wanted: ReadonlyMap<BytePath, boolean>,
): void {
  const host = `${root}/${parent}` as BytePath;
  for (const name of readdirSync(toHostPath(host), "latin1")) {
    const path = (parent === "" ? name : `${parent}/${name}`) as BytePath;
    const at = toHostPath(`${root}/${path}` as BytePath);
    const isDirectory = wanted.get(path);
    if (isDirectory === undefined) rmSync(at, { recursive: true, force: true });
    else if (isDirectory && lstatSync(at).isDirectory()) removeFrom(root, path, wanted);
  }
}
