import type { BytePath } from "../oci/changeset.js";
import { writeAt } from "../oci/content-spool.js";
import { CHUNK } from "../oci/open-content.js";
import { ConfinedDirectory } from "./confined.js";
import { readSmall } from "./hash-file.js";

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
  /** SHA-256 in hex; "" of one that cannot be read. */
  readonly digests: readonly string[];
  /** 1 where the bytes in the spool are surely those of the file that was looked at. */
  readonly kept: Uint8Array;
}

/** The most bytes that may be read at once. */
export const MOST_BYTES = CHUNK;

let buffer: Buffer | undefined;

/** Reads files, hashes and keeps them. */
export function readFiles({ names, facts, spool, offset }: FilesToRead): FilesRead {
  buffer ??= Buffer.allocUnsafeSlow(MOST_BYTES);
  const digests: string[] = [];
  const kept = new Uint8Array(names.length);
  let end = 0;
  for (const [i, name] of names.entries()) {
    const fact = (column: number): number => facts[i * factColumns.columns + column] ?? 0;
    const directory = new ConfinedDirectory(fact(factColumns.directory));
    const size = fact(factColumns.size);
    const [inode, ctimeMs] = [fact(factColumns.inode), fact(factColumns.ctimeMs)];
    try {
      const version = { inode, ctimeMs, settled: true };
      const { sha256, bytes } = readSmall({ directory, name, path: name }, size, version);
      digests.push(sha256);
      if (bytes !== undefined) {
        buffer.set(bytes, end);
        kept[i] = 1;
      }
    } catch {
      digests.push(""); // whoever looked at it reads it again, and tells why
    }
    end += size;
  }
  writeAt(spool, buffer.subarray(0, end), offset);
  return { digests, kept };
}
