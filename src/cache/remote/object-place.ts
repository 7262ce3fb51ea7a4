import type { Descriptor } from "../../oci/descriptor.js";
import { BuildError } from "../../error.js";
import { digestOf } from "../../oci/digest.js";
import { streamOf } from "../../oci/stream-of.js";
import { verified, type Promised } from "../../oci/verified.js";
import type { MountName, MountRecord } from "./mount-record.js";
import type { CachePlace, WriteOptions } from "./place.js";
import { readDocument, readMount, readRecord } from "./read-record.js";
import { serialize, type CacheDocument, type RecordName, type RemoteRecord } from "./record.js";

/** Named pieces of content somewhere: a bucket, for example. */
export interface ObjectStore extends AsyncDisposable {
  /** For people: "bucket ci-cache". */
  readonly title: string;
  has(key: string, signal: AbortSignal): Promise<boolean>;
  /** The bytes of an object; undefined when there is none. */
  read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Makes an object, or makes it anew. */
  write(key: string, content: Promised, options: WriteOptions): Promise<void>;
}

/** Where in a store a cache lies. */
export interface ObjectKeys {
  /** Of the document. */
  readonly latest: string;
  /** What the key of a record begins with. */
  readonly records: string;
  /** What the key of a cache mount begins with. */
  readonly mounts: string;
  /** What the key of a blob begins with. */
  readonly blobs: string;
}

/** A cache in an object store: one object for the document, one for each name of a record and each blob. */
export class ObjectPlace implements CachePlace {
  readonly title: string;
  readonly #objects: ObjectStore;
  readonly #keys: ObjectKeys;

  constructor(objects: ObjectStore, keys: ObjectKeys) {
    this.title = objects.title;
    this.#objects = objects;
    this.#keys = keys;
  }

  async latest(signal: AbortSignal): Promise<CacheDocument | undefined> {
    const bytes = await this.#readWhole(this.#keys.latest, signal);
    return bytes && readDocument(bytes);
  }

  async find(name: RecordName, signal: AbortSignal): Promise<readonly RemoteRecord[]> {
    const bytes = await this.#readWhole(this.#keys.records + name, signal);
    return bytes === undefined ? [] : [readRecord(bytes)];
  }

  async *open({ digest }: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const bytes = await this.#objects.read(this.#keys.blobs + digest, signal);
    if (bytes === undefined) throw new BuildError("IMAGE_NOT_FOUND", `it has no blob ${digest}`);
    yield* bytes;
  }

  async write(blob: Descriptor, options: WriteOptions): Promise<"present" | "uploaded"> {
    const key = this.#keys.blobs + blob.digest;
    if (await this.#objects.has(key, options.signal)) return "present";
    const open = (): AsyncIterable<Uint8Array> => endingWell(verified(options.open(), blob));
    await this.#objects.write(key, blob, { ...options, open });
    return "uploaded";
  }

  /** Whoever comes first, or in the same moment: a step has one result at a time. */
  async put(name: RecordName, record: RemoteRecord, signal: AbortSignal): Promise<void> {
    const key = this.#keys.records + name;
    if (!(await this.#objects.has(key, signal))) await this.#write(key, serialize(record), signal);
  }

  async setLatest(document: CacheDocument, signal: AbortSignal): Promise<void> {
    await this.#write(this.#keys.latest, serialize(document), signal);
  }

  async mount(name: MountName, signal: AbortSignal): Promise<MountRecord | undefined> {
    const bytes = await this.#readWhole(this.#keys.mounts + name, signal);
    return bytes && readMount(bytes);
  }

  async setMount(name: MountName, record: MountRecord, signal: AbortSignal): Promise<void> {
    await this.#write(this.#keys.mounts + name, serialize(record), signal);
  }

  async #write(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const content = { digest: digestOf(bytes), size: bytes.byteLength };
    await this.#objects.write(key, content, { open: () => streamOf(bytes), signal });
  }

  async #readWhole(key: string, signal: AbortSignal): Promise<Buffer | undefined> {
    const bytes = await this.#objects.read(key, signal);
    if (bytes === undefined) return undefined;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of bytes) {
      if ((size += chunk.byteLength) > LARGEST)
        throw new BuildError("INVALID_IMAGE", "it is too long");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#objects[Symbol.asyncDispose]();
  }
}

/** Keeps the last piece until it is known that nothing fails: a server then does not take the whole. */
async function* endingWell(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (held !== undefined) yield held;
}

/** Of what is held in memory, in bytes: documents are an eighth of that. */
const LARGEST = 1 << 23;
