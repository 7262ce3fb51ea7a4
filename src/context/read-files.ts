import type { BytePath, FileVersion } from "../oci/changeset.js";
import { writeAt } from "../oci/content-spool.js";
import { CHUNK } from "../oci/open-content.js";
import { fetchAhead } from "../sys/small-files.js";
import { uptime } from "../sys/uptime.js";
import { SHA256_SIZE } from "../sha256.js";
import { ConfinedDirectory } from "./confined.js";
import { readOpened, readSmall, type HashedFile, type SmallFile } from "./hash-file.js";

/** Small files to be read, as one thread tells another: in few objects, each of which would have to be copied. */
export interface FilesToRead {
  readonly names: readonly BytePath[];
  /** Of each the `factColumns`. */
  readonly facts: Float64Array;
  /** An open file that takes the contents, one behind the other, from `offset` on. */
  readonly spool: number;
  readonly offset: number;
}

/** The descriptor of the directory that a file is in, and what it was when it was looked at. */
export const factColumns = { directory: 0, size: 1, inode: 2, ctimeMs: 3, columns: 4 } as const;

/** What came of each file. */
export interface FilesRead {
  /** SHA-256, one behind the other. */
  readonly digests: Uint8Array;
  /** Of each one of `outcomes`. */
  readonly outcomes: Uint8Array;
}

/** Not to be read; read; and read, with its bytes in the spool surely those of the file that was looked at. */
export const outcomes = { failed: 0, read: 1, kept: 2 } as const;

/** The most bytes that may be read at once. */
export const MOST_BYTES = CHUNK;

/** Files that are opened before the first of them is read, where that has to come from the disk. */
const GROUP = 32;
/** Milliseconds: half of what so many take from a disk, and ten times what they take from memory, in case that waits for a processor. */
const SLOW = 2;
/** How many groups are opened ahead after one that was slow. */
const GROUPS_AHEAD = 16;

let buffer: Buffer | undefined;
let groupsAhead = 0;

/** Reads files, hashes and keeps them. */
export function readFiles(files: FilesToRead): FilesRead {
  buffer ??= Buffer.allocUnsafeSlow(MOST_BYTES);
  const { length } = files.names;
  const digests = Buffer.alloc(length * SHA256_SIZE);
  const results = new Uint8Array(length);
  let end = 0;
  for (let i = 0; i < length; i += GROUP) {
    const group = filesOf(files, i);
    const opened = groupsAhead > 0 ? group.map(openAhead) : undefined;
    groupsAhead--;
    const start = uptime();
    for (const [n, file] of group.entries()) {
      const content = readOne(file, opened?.[n]);
      if (content !== undefined) {
        digests.write(content.sha256, (i + n) * SHA256_SIZE, "hex");
        results[i + n] = content.bytes === undefined ? outcomes.read : outcomes.kept;
      }
      if (content?.bytes !== undefined) buffer.set(content.bytes, end);
      end += file.size;
    }
    if (opened === undefined && uptime() - start > SLOW) groupsAhead = GROUPS_AHEAD;
  }
  writeAt(files.spool, buffer.subarray(0, end), files.offset);
  return { digests, outcomes: results };
}

interface FileToRead extends HashedFile {
  readonly size: number;
  readonly version: FileVersion;
}

function filesOf({ names, facts }: FilesToRead, from: number): readonly FileToRead[] {
  return names.slice(from, from + GROUP).map((name, n) => {
    const fact = (column: number): number => facts[(from + n) * factColumns.columns + column] ?? 0;
    const directory = new ConfinedDirectory(fact(factColumns.directory));
    const [inode, ctimeMs] = [fact(factColumns.inode), fact(factColumns.ctimeMs)];
    const version = { inode, ctimeMs, settled: true };
    return { directory, name, path: name, size: fact(factColumns.size), version };
  });
}

/** So that the disk has many to fetch at a time: one by one, each takes as long as ten. */
function openAhead({ directory, name }: FileToRead): number | undefined {
  try {
    const fd = directory.openFile(name);
    fetchAhead(fd);
    return fd;
  } catch {
    return undefined;
  }
}

function readOne(file: FileToRead, fd: number | undefined): SmallFile | undefined {
  try {
    return fd === undefined ? readSmall(file, file.size, file.version) : readOpened(fd, file);
  } catch {
    return undefined;
  }
}
