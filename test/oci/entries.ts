import { createHash } from "node:crypto";
import { toBytePath, type Entry, type FileEntry } from "../../src/oci/changeset.js";
import { EntryStore, StoredEntries } from "../../src/oci/entry-store.js";

/** What an entry of each kind has unless a test says otherwise. */
const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000 } as const;

type Extra = Partial<{
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}>;

/** A regular file held in memory. */
export function file(path: string, content: string | Uint8Array = "", extra: Extra = {}): Entry {
  const bytes = Buffer.from(content);
  const common = { ...metadata, path: toBytePath(path), ...extra };
  return { ...common, type: "file", size: bytes.length, content: { kind: "bytes", bytes } };
}

/** A regular file of the host, with a digest of its own. */
export function plainFile(path: string, change: Partial<FileEntry> = {}): FileEntry {
  const name = toBytePath(path);
  return {
    ...metadata,
    type: "file",
    path: name,
    size: name.length,
    content: { kind: "file", path: toBytePath(`/host/${path}`), offset: 0 },
    sha256: createHash("sha256").update(name).digest("hex"),
    ...change,
  };
}

/** Kept as a selection of files is. */
export function stored(entries: readonly Entry[]): StoredEntries {
  const store = new EntryStore();
  const numbers = entries.map((entry) => store.add(entry));
  return new StoredEntries(store, numbers);
}

export function directory(path: string, extra: Extra = {}): Entry {
  return { ...metadata, mode: 0o755, path: toBytePath(path), ...extra, type: "directory" };
}

export function symlink(path: string, target: string, extra: Extra = {}): Entry {
  const names = { path: toBytePath(path), target: toBytePath(target) };
  return { ...metadata, mode: 0o777, ...names, ...extra, type: "symlink" };
}

export function hardlink(path: string, target: string, extra: Extra = {}): Entry {
  const names = { path: toBytePath(path), target: toBytePath(target) };
  return { ...metadata, ...names, ...extra, type: "hardlink" };
}

export function device(type: "char" | "block", path: string, major: number, minor: number): Entry {
  return { ...metadata, path: toBytePath(path), type, major, minor };
}

export function fifo(path: string): Entry {
  return { ...metadata, path: toBytePath(path), type: "fifo" };
}

export function whiteout(path: string): Entry {
  return { path: toBytePath(path), type: "whiteout" };
}

export function opaque(path: string): Entry {
  return { path: toBytePath(path), type: "opaque" };
}

/** Entries with the bytes of their files in place of streams, for comparing. */
export async function resolved(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  read: (entry: Extract<Entry, { type: "file" }>) => AsyncIterable<Uint8Array>,
): Promise<readonly Entry[]> {
  const list: Entry[] = [];
  for await (const entry of entries) {
    if (entry.type !== "file") {
      list.push(entry);
      continue;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of read(entry)) chunks.push(chunk);
    list.push({ ...entry, content: { kind: "bytes", bytes: Buffer.concat(chunks) } });
  }
  return list;
}
