import { closeSync, constants, linkSync, openSync, writeSync } from "node:fs";
import { toHostPath, type BytePath, type Entry, type FileEntry } from "../oci/changeset.js";
import { contentDigest, readContent, readContentInto } from "../oci/content.js";
import { SliceReader } from "../oci/slice-reader.js";
import { isSystemError } from "../sys/system-error.js";
import type { Form, MetadataWriter } from "./metadata-writer.js";
import type { Twins } from "./twins.js";

/** Files up to this size are held in memory. */
const SMALL = 1 << 18;

/** What files are written with. */
export interface FileWriting {
  readonly form: Form;
  readonly metadata: MetadataWriter;
  /** What it finds is not written again. */
  readonly twins: Twins | undefined;
  /** Creates at that path of the host, and where something is in the way, replaces that. */
  readonly inPlace: <T>(host: BytePath, create: () => T) => T;
}

/** Writes the regular files of one changeset. */
export class FileWriter implements Disposable {
  readonly #writing: FileWriting;
  readonly #slices = new SliceReader();
  readonly #buffer = Buffer.allocUnsafeSlow(SMALL + 1);

  constructor(writing: FileWriting) {
    this.#writing = writing;
  }

  /** The entry, with content that can be read once more until the next is written. */
  async write(entry: FileEntry, host: BytePath): Promise<Entry> {
    if (this.#writing.form.linked === true && entry.content.kind === "file") {
      linkSync(toHostPath(entry.content.path), toHostPath(host));
      return entry;
    }
    return (await this.#linkedTwin(entry, host)) ?? (await this.#written(entry, host));
  }

  [Symbol.dispose](): void {
    this.#slices[Symbol.dispose]();
  }

  /** As one more name of a file that is the same; undefined where there is none, or it takes no more names. */
  async #linkedTwin(entry: FileEntry, host: BytePath): Promise<Entry | undefined> {
    const twin = this.#writing.twins?.find(entry);
    if (twin === undefined) return undefined;
    const there = { ...entry, content: { kind: "file", path: twin.path, offset: 0 } } as const;
    const small = entry.size <= SMALL ? this.#read(there) : undefined;
    if ((await contentDigest({ ...(small ?? there), sha256: undefined })) !== entry.sha256)
      return undefined;
    try {
      this.#writing.inPlace(host, () => {
        linkSync(toHostPath(twin.path), toHostPath(host));
      });
    } catch (error) {
      if (isSystemError(error, "EMLINK", "EPERM", "EXDEV")) return undefined;
      throw error;
    }
    twin.use();
    return small ?? there;
  }

  async #written(entry: FileEntry, host: BytePath): Promise<Entry> {
    const { O_CREAT, O_EXCL, O_WRONLY } = constants;
    const fd = this.#writing.inPlace(host, () =>
      openSync(toHostPath(host), O_CREAT | O_EXCL | O_WRONLY, 0o600),
    );
    try {
      const written = await this.#content(entry, host, fd);
      this.#writing.metadata.applyToFile(entry, host, fd);
      return written;
    } finally {
      closeSync(fd);
    }
  }

  async #content(entry: FileEntry, host: BytePath, fd: number): Promise<Entry> {
    if (entry.size <= SMALL && entry.content.kind !== "stream") {
      const read = this.#read(entry);
      writeAll(fd, read.content.bytes);
      return read;
    }
    for await (const chunk of readContent(entry, true)) writeAll(fd, chunk);
    return { ...entry, content: { kind: "file", path: host, offset: 0 } };
  }

  /** A small file with its bytes, which are there until the next is read. */
  #read(entry: FileEntry): FileEntry & { readonly content: { readonly bytes: Uint8Array } } {
    readContentInto(entry, this.#buffer, 0, this.#slices);
    const bytes = this.#buffer.subarray(0, entry.size);
    return { ...entry, content: { kind: "bytes", bytes } };
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength;) done += writeSync(fd, bytes, done);
}
