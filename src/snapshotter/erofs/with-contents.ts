import type { Changeset, Entry, FileEntry } from "../../oci/changeset.js";
import type { FindContent } from "./layer-contents.js";

/**
 * The same entries, of which those that are files of their own are read where `find` finds them. The digests say
 * what they are, so that it does not matter what became of the files meanwhile.
 */
export function withContents(changes: Changeset, find: FindContent): Changeset {
  if (!(Symbol.iterator in changes)) return eachComing(changes, find);
  return { [Symbol.iterator]: () => eachOf(changes, find) };
}

function* eachOf(entries: Iterable<Entry>, find: FindContent): Generator<Entry> {
  for (const entry of entries) yield withContent(entry, find);
}

async function* eachComing(
  entries: AsyncIterable<Entry>,
  find: FindContent,
): AsyncGenerator<Entry> {
  for await (const entry of entries) yield withContent(entry, find);
}

function withContent(entry: Entry, find: FindContent): Entry {
  if (entry.type !== "file" || entry.sha256 === undefined || !isOwnFile(entry)) return entry;
  const content = find(entry.sha256, entry.size);
  return content === undefined ? entry : { ...entry, content };
}

/** A part of something that nobody changes, or what is in memory, is read as soon as it is. */
function isOwnFile({ content }: FileEntry): boolean {
  return content.kind === "file" && content.version !== undefined;
}
