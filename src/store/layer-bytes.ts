import { versions } from "node:process";
import { defaultLevels, gzipped, zstdCompressed } from "../oci/compress.js";
import { decompressed } from "../oci/compression.js";
import { dockerMediaTypes, mediaTypes, type Descriptor } from "../oci/descriptor.js";
import { parseDigest, type Digest } from "../oci/digest.js";
import { verified } from "../oci/verified.js";
import type { Snapshotter } from "../snapshotter/snapshotter.js";
import type { Blobs } from "./blobs.js";
import type { Database, Table } from "./database.js";
import type { LayerRecord } from "./layers.js";
import type { Locks } from "./locks.js";
import type { Tally } from "./tally.js";

/** How a layer is stored in an image. */
export interface LayerCompression {
  readonly type: "gzip" | "uncompressed" | "zstd";
  /** Undefined is the format's own. */
  readonly level?: number | undefined;
  /** Also of layers that were pulled in another form. */
  readonly force?: boolean | undefined;
}

/** What images are made with, unless something else was asked for. */
export const asGzip: LayerCompression = { type: "gzip" };
/** Layers as they lie here. */
export const asTar: LayerCompression = { type: "uncompressed" };

/** What `LayerBytes` works with. */
export interface LayerBytesDeps {
  readonly database: Database;
  readonly tally: Tally;
  readonly blobs: Blobs;
  readonly snapshotter: Snapshotter;
  readonly locks: Locks;
  /** Told of each blob that is kept. */
  readonly wrote: () => void;
}

/** Layers as bytes: made again when asked for, remembered when that was expensive. */
export class LayerBytes {
  readonly #deps: LayerBytesDeps;
  readonly #table: Table<Descriptor>;

  constructor(deps: LayerBytesDeps) {
    this.#deps = deps;
    this.#table = deps.tally.table("layer-blobs", ({ size }) => size);
  }

  /** Remembers the blob that a pulled layer came as: it is what the layer is from then on. */
  keepOriginal(diffId: Digest, { mediaType, digest, size }: Descriptor): void {
    this.#table.put(originalKey(diffId), { mediaType: ociType(mediaType), digest, size });
    this.#deps.wrote();
  }

  /** The blob that a pulled layer came as, with an OCI media type. */
  original(diffId: Digest): Descriptor | undefined {
    return this.#table.get(originalKey(diffId));
  }

  /** The uncompressed tar: exactly the bytes that the DiffID names, else it fails at the end. */
  tar(record: LayerRecord): AsyncIterable<Uint8Array> {
    const { blobs, snapshotter } = this.#deps;
    const original = this.original(record.diffId);
    const bytes =
      original === undefined
        ? snapshotter.tar(record.id)
        : decompressed(blobs.read(original.digest));
    return verified(bytes, { digest: record.diffId, size: record.size });
  }

  /**
   * The layer as it goes into an image; `open` gives its bytes. Pulled layers stay as they came, unless
   * forced. What had to be compressed is kept; an uncompressed tar is not, it is made again.
   */
  async compressed(
    record: LayerRecord,
    compression: LayerCompression,
    signal?: AbortSignal,
  ): Promise<Descriptor> {
    const original = this.original(record.diffId);
    if (original !== undefined && !mustChange(original, compression)) return original;
    const { type } = compression;
    if (type === "uncompressed") {
      return { mediaType: mediaTypes.layer, digest: record.diffId, size: record.size };
    }
    const form = { type, level: compression.level ?? defaultLevels[type] };
    return (await this.#known(record, form)) ?? (await this.#compress(record, form, signal));
  }

  /** The bytes of what `compressed` answered for this layer. */
  open(record: LayerRecord, { digest }: Descriptor): AsyncIterable<Uint8Array> {
    const made = digest === record.diffId && this.original(record.diffId)?.digest !== digest;
    return made ? this.tar(record) : this.#deps.blobs.read(digest);
  }

  /** Every blob that is remembered, with its layer's DiffID. */
  list(): readonly { readonly diffId: Digest; readonly descriptor: Descriptor }[] {
    return this.#table.entries().map(([key, descriptor]) => {
      return { diffId: parseDigest(key.slice(0, key.indexOf(" "))), descriptor };
    });
  }

  /** Every blob of a layer: as it was pulled, and as it was compressed here. */
  forms(diffId: Digest): readonly Descriptor[] {
    return this.#table.entries(`${diffId} `).map(([, descriptor]) => descriptor);
  }

  /** Forgets every blob of a layer, and answers them. */
  forget(diffId: Digest): readonly Descriptor[] {
    const entries = this.#table.entries(`${diffId} `);
    for (const [key] of entries) this.#table.remove(key);
    return entries.map(([, descriptor]) => descriptor);
  }

  async #known({ diffId }: LayerRecord, form: Form): Promise<Descriptor | undefined> {
    const known = this.#table.get(formKey(diffId, form));
    return known !== undefined && (await this.#deps.blobs.has(known.digest)) ? known : undefined;
  }

  async #compress(record: LayerRecord, form: Form, signal?: AbortSignal): Promise<Descriptor> {
    const key = formKey(record.diffId, form);
    await using _lock = await this.#deps.locks.lock(`compress ${key}`, signal);
    this.#deps.database.refresh();
    const known = await this.#known(record, form); // perhaps the one we waited for did it
    if (known !== undefined) return known;
    const { compress, mediaType } = compressors[form.type];
    const bytes = compress(this.tar(record), form.level);
    const blob = await this.#deps.blobs.write(bytes, undefined, signal);
    const descriptor = { mediaType, ...blob };
    this.#table.put(key, descriptor);
    this.#deps.wrote();
    return descriptor;
  }
}

interface Form {
  readonly type: keyof typeof compressors;
  readonly level: number;
}

/** `format` is bumped when the same tar gives other bytes; another zlib is another format. */
const compressors = {
  gzip: {
    compress: gzipped,
    mediaType: mediaTypes.layerGzip,
    format: `2-zlib-${versions.zlib}`,
  },
  zstd: { compress: zstdCompressed, mediaType: mediaTypes.layerZstd, format: "2" },
} as const;

/** BuildKit converts a forced layer only where its media type is another one. */
function mustChange({ mediaType }: Descriptor, { type, force }: LayerCompression): boolean {
  const wanted = type === "uncompressed" ? mediaTypes.layer : compressors[type].mediaType;
  return force === true && mediaType !== wanted;
}

function originalKey(diffId: Digest): string {
  return `${diffId} original`;
}

function formKey(diffId: Digest, { type, level }: Form): string {
  return `${diffId} ${type}-${level}-${compressors[type].format}`;
}

/** The same bytes under OCI's name for them. */
function ociType(mediaType: string): string {
  if (mediaType === dockerMediaTypes.layer) return mediaTypes.layer;
  return mediaType === dockerMediaTypes.layerGzip ? mediaTypes.layerGzip : mediaType;
}
