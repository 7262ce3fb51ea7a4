import { toBytePath, type BytePath, type Changeset, type Entry } from "../oci/changeset.js";
import { readMetadata } from "../snapshotter/metadata.js";
import { readTree } from "../snapshotter/overlay-changes.js";
import { FileStat } from "../sys/file-stat.js";

/** What a cache mount holds, while nobody else has it. */
export interface HeldCache extends AsyncDisposable {
  /** The directory itself first. */
  readonly entries: Changeset;
}

/** The directory of a cache mount, then what is in it. Nobody may write there meanwhile. */
export async function* cacheEntries(directory: string): AsyncGenerator<Entry> {
  const stat = new FileStat();
  const host = toBytePath(directory);
  if (!stat.lstat(host)) throw new Error(`no directory at ${directory}`);
  const metadata = readMetadata(host, stat, (name) => name);
  yield { type: "directory", path: "" as BytePath, ...metadata, mtime: 0 }; // else any new file changed it
  yield* readTree(directory);
}
