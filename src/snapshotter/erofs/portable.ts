import type { Changeset, Entry } from "../../oci/changeset.js";
import { isPortable } from "../overlay-xattrs.js";

/**
 * The changeset as any Linux filesystem would give it back: without attributes that are labels of one
 * machine only, and with the one mode that symlinks have. Tells of each entry that is then another one.
 */
export function portable(changes: Changeset, onOther = (): void => undefined): Changeset {
  if (!(Symbol.iterator in changes)) return portableStream(changes);
  return { [Symbol.iterator]: () => portableList(changes, onOther) };
}

function* portableList(changes: Iterable<Entry>, onOther: () => void): Generator<Entry> {
  for (const entry of changes) {
    const kept = portableEntry(entry);
    if (kept !== entry) onOther();
    yield kept;
  }
}

async function* portableStream(changes: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of changes) yield portableEntry(entry);
}

/** As `portable`, of one entry. */
export function portableEntry(entry: Entry): Entry {
  if (entry.type === "whiteout" || entry.type === "opaque") return entry;
  if (entry.type === "symlink" && entry.mode !== 0o777) {
    return portableEntry({ ...entry, mode: 0o777 });
  }
  if (entry.xattrs === undefined) return entry; // taking it apart takes time, and nearly none has any
  const { xattrs, ...plain } = entry;
  if ([...xattrs.keys()].every(isPortable)) return entry;
  const kept = new Map([...xattrs].filter(([name]) => isPortable(name)));
  return kept.size === 0 ? plain : { ...plain, xattrs: kept };
}
