import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { makeDirectories } from "../sys/make-directories.js";
import { isSystemError } from "../sys/system-error.js";
import { Database } from "./database.js";
import { diskError } from "./disk-error.js";
import { Locks } from "./locks.js";
import { NewFile } from "./new-file.js";
import type { StorePaths } from "./store-paths.js";

/** Format of everything under the root (docs/formats.md); bump when an older tsbuild must not touch it. */
const FORMAT = 1;

/** Makes the layout where it is missing, and refuses one that a newer tsbuild made. */
export async function prepareLayout(paths: StorePaths): Promise<void> {
  try {
    if (hasFormat(paths)) return;
    await makeDirectories(paths.root, 0o700);
    await using _lock = await new Locks(paths.locks).lock("setup");
    if (hasFormat(paths)) return;
    await create(paths);
  } catch (error) {
    throw diskError(`open the store "${paths.root}"`, error);
  }
}

async function create(paths: StorePaths): Promise<void> {
  for (const path of [paths.db, paths.blobs, paths.layers, paths.mounts, paths.work]) {
    // Nobody else may enter: layers hold setuid programs.
    await makeDirectories(path, 0o700);
  }
  await (await Database.create(paths.db))[Symbol.asyncDispose]();
  // Last: once this file is there, everything else is.
  await using file = await NewFile.create(join(paths.root, "format.new"));
  await file.write(Buffer.from(`tsbuild-store ${FORMAT}\n`));
  await file.publish(paths.format);
}

function hasFormat(paths: StorePaths): boolean {
  let text: string;
  try {
    text = readFileSync(paths.format, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
  const format = /^tsbuild-store ([1-9][0-9]*)\n$/.exec(text)?.[1];
  if (format === String(FORMAT)) return true;
  const found = format === undefined ? "its format file is damaged" : `it has format ${format}`;
  throw new BuildError(
    "STORE",
    `Cannot open the store "${paths.root}": ${found}, this tsbuild knows format ${FORMAT}`,
    { hint: "use the tsbuild that made it, or another directory in TSBUILD_ROOT" },
  );
}
