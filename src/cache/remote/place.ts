import type { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { MountName, MountRecord } from "./mount-record.js";
import type { CacheDocument, RecordName, RemoteRecord } from "./record.js";

/**
 * A place that other machines reach, too: a directory, a repository of a registry, a bucket. Any number
 * of builds may write to it at once. Content comes before the names that lead to it: blobs, then
 * records, then the document.
 */
export interface CachePlace extends AsyncDisposable {
  /** For people: "registry ghcr.io/org/app:cache". */
  readonly title: string;
  /** What the latest export told of all its steps; undefined where none has been. */
  latest(signal: AbortSignal): Promise<CacheDocument | undefined>;
  /** The records that were put under a name. */
  find(name: RecordName, signal: AbortSignal): Promise<readonly RemoteRecord[]>;
  /** The bytes of a blob; verified by whoever keeps them. Fails when it is not there. */
  open(blob: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Told that those were others. Answers what to tell of it where `open` has another place to ask, else undefined. */
  refuse?(blob: Descriptor, error: BuildError): readonly string[] | undefined;
  /** Brings a blob there, unless it is there already: then nothing is read. */
  write(blob: Descriptor, options: WriteOptions): Promise<"present" | "uploaded">;
  /** Puts a record under a name; what was put there before can still be found. */
  put(name: RecordName, record: RemoteRecord, signal: AbortSignal): Promise<void>;
  /** Replaces what `latest` answers. */
  setLatest(document: CacheDocument, signal: AbortSignal): Promise<void>;
  /** What was exported last of a cache mount; undefined where nothing was. */
  mount(name: MountName, signal: AbortSignal): Promise<MountRecord | undefined>;
  /** Replaces what `mount` answers. */
  setMount(name: MountName, record: MountRecord, signal: AbortSignal): Promise<void>;
}

/** How to bring a blob to a place. */
export interface WriteOptions {
  /** The bytes, each call from the start. */
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Told how many bytes were sent so far. */
  readonly onProgress?: ((sent: number) => void) | undefined;
}
