import type { Entry, EntryList } from "../oci/changeset.js";
import type { FindContent } from "../snapshotter/snapshotter.js";

/**
 * The same entries, whose contents are read where `find` finds them. The digests say what they are, so
 * that it does not matter what became of the files meanwhile.
 */
export function withContents(entries: EntryList, find: FindContent): EntryList {
  return {
    length: entries.length,
    *[Symbol.iterator](): Generator<Entry> {
      for (const entry of entries) yield withContent(entry, find);
    },
  };
}

function withContent(entry: Entry, find: FindContent): Entry {
  if (entry.type !== "file" || entry.sha256 === undefined) return entry;
  const content = find(entry.sha256, entry.size);
  return content === undefined ? entry : { ...entry, content };
}
