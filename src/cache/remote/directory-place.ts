import { constants } from "node:fs";
import { readFile, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../../error.js";
import { annotationKeys, mediaTypes, type Descriptor } from "../../oci/descriptor.js";
import { digestOf, hexOf, type Digest } from "../../oci/digest.js";
import { fileBytes } from "../../oci/file-bytes.js";
import { parseDocument, serializeDocument } from "../../oci/image-json.js";
import { blobPath, layoutFile } from "../../oci/image-layout.js";
import type { Index } from "../../oci/image.js";
import type { Stored } from "../../oci/resolved-image.js";
import { streamOf } from "../../oci/stream-of.js";
import { verified, verifiedBytes } from "../../oci/verified.js";
import { HeldLock, waitForLock } from "../../store/locks.js";
import { NewFile } from "../../store/new-file.js";
import { openLocked } from "../../sys/file-locks.js";
import { makeDirectories } from "../../sys/make-directories.js";
import { isSystemError } from "../../sys/system-error.js";
import { refuseBuildKit } from "./buildkit.js";
import { counted } from "../../oci/counted.js";
import { DOCUMENT_TYPE, manifestOfDocument } from "./manifest.js";
import type { MountName, MountRecord } from "./mount-record.js";
import type { CachePlace, WriteOptions } from "./place.js";
import { isAboutContent } from "./source.js";
import { readDocument, readMount, readRecord } from "./read-record.js";
import { serialize, type CacheDocument, type RecordName, type RemoteRecord } from "./record.js";
import {
  makeUnfinished,
  removeAbandoned,
  type UnfinishedDirectory,
} from "./unfinished-directory.js";

/** Which cache of a directory. */
export interface DirectoryPlaceOptions {
  /** Host path. */
  readonly path: string;
  readonly tag: string;
  /** Of the manifest to read, in the place of the tagged one. */
  readonly digest?: Digest | undefined;
}

/**
 * `type=local`: an OCI image layout whose tagged manifest is the document, and whose blobs are the
 * layers; records lie beside them, each in a file named by its digest.
 */
export class DirectoryPlace implements CachePlace {
  readonly title: string;
  readonly #options: DirectoryPlaceOptions;
  #unfinished: Promise<UnfinishedDirectory> | undefined;
  #files = 0;

  constructor(options: DirectoryPlaceOptions) {
    this.title = `directory ${options.path}`;
    this.#options = options;
  }

  async latest(): Promise<CacheDocument | undefined> {
    const index = await this.#readIndex();
    const { digest = this.#tagged(index)?.digest } = this.#options;
    const found = index?.manifests.find((one) => one.digest === digest);
    if (found === undefined) return undefined;
    const bytes = await this.#read(found);
    const document = parseDocument(bytes, found.mediaType);
    if (document.kind === "manifest" && document.manifest.config.mediaType === DOCUMENT_TYPE)
      return readDocument(await this.#read(document.manifest.config));
    refuseBuildKit(bytes);
    throw new BuildError("INVALID_IMAGE", "it holds no cache of tsbuild");
  }

  async find(name: RecordName): Promise<readonly RemoteRecord[]> {
    const directory = this.#recordsOf(name);
    const files = await ifThere(() => readdir(directory));
    return await Promise.all(
      (files ?? []).map(async (file) => readRecord(await readFile(join(directory, file)))),
    );
  }

  async *open({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    try {
      yield* fileBytes(join(this.#options.path, blobPath(digest)));
    } catch (cause) {
      if (!isSystemError(cause, "ENOENT")) throw cause;
      const message = `it has no blob ${digest}`;
      throw new BuildError("IMAGE_NOT_FOUND", message, { cause });
    }
  }

  async write(
    blob: Descriptor,
    { open, onProgress, signal }: WriteOptions,
  ): Promise<"present" | "uploaded"> {
    const path = join(this.#options.path, blobPath(blob.digest));
    const there = await ifThere(() => stat(path));
    if (there?.size === blob.size) return "present";
    await this.#publish(path, async (file) => {
      for await (const chunk of counted(verified(open(), blob), onProgress)) {
        signal.throwIfAborted();
        await file.write(chunk);
      }
    });
    return "uploaded";
  }

  async put(name: RecordName, record: RemoteRecord): Promise<void> {
    const bytes = serialize(record);
    const path = join(this.#recordsOf(name), `${hexOf(digestOf(bytes))}.json`);
    if ((await ifThere(() => stat(path))) === undefined) await this.#writeWhole(path, bytes);
  }

  async setLatest(document: CacheDocument, signal: AbortSignal): Promise<void> {
    const { config, manifest } = manifestOfDocument(document);
    for (const { descriptor, bytes } of [config, manifest])
      await this.write(descriptor, { open: () => streamOf(bytes), signal });
    await this.#writeWhole(join(this.#options.path, layoutFile.path), layoutFile.bytes);
    await using _lock = await this.#lock(signal); // others have other tags
    await this.#writeIndex(manifest);
  }

  async mount(name: MountName): Promise<MountRecord | undefined> {
    const bytes = await ifThere(() => readFile(this.#fileOf(name)));
    return bytes && readMount(bytes);
  }

  async setMount(name: MountName, record: MountRecord): Promise<void> {
    await this.#writeWhole(this.#fileOf(name), serialize(record));
  }

  async #writeIndex({ descriptor }: Stored): Promise<void> {
    const before = await this.#readIndex().catch((error: unknown) => {
      if (!isAboutContent(error)) throw error;
      return undefined; // nobody finds anything in it
    });
    const others = (before?.manifests ?? []).filter((one) => one !== this.#tagged(before));
    const annotations = { [annotationKeys.refName]: this.#options.tag };
    const index: Index = {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [...others, { ...descriptor, annotations }],
    };
    await this.#writeWhole(join(this.#options.path, "index.json"), serializeDocument(index));
  }

  #tagged(index: Index | undefined): Descriptor | undefined {
    const { tag } = this.#options;
    return index?.manifests.find(
      ({ annotations }) => annotations?.[annotationKeys.refName] === tag,
    );
  }

  async #readIndex(): Promise<Index | undefined> {
    const path = join(this.#options.path, "index.json");
    const bytes = await ifThere(() => readFile(path));
    if (bytes === undefined) return undefined;
    const document = parseDocument(bytes, mediaTypes.index);
    if (document.kind === "index") return document.index;
    throw new BuildError("INVALID_IMAGE", "its index.json is not an index");
  }

  #read(descriptor: Descriptor): Promise<Uint8Array> {
    return verifiedBytes(this.open(descriptor), descriptor);
  }

  #recordsOf(name: RecordName): string {
    return join(this.#options.path, "records", this.#options.tag, name);
  }

  #fileOf(name: MountName): string {
    return join(this.#options.path, "mounts", this.#options.tag, `${name}.json`);
  }

  #writeWhole(path: string, bytes: Uint8Array): Promise<void> {
    return this.#publish(path, (file) => file.write(bytes));
  }

  /** Whoever reads finds all of a file or none of it. */
  async #publish(path: string, fill: (file: NewFile) => Promise<void>): Promise<void> {
    const { path: unfinished } = await (this.#unfinished ??= this.#makeUnfinished());
    await makeDirectories(dirname(path), 0o777);
    await using file = await NewFile.create(join(unfinished, String(++this.#files)), 0o666);
    await fill(file);
    await file.publish(path);
  }

  /** Keeps out other exports into this directory. */
  #lock(signal?: AbortSignal): Promise<HeldLock> {
    return waitForLock(() => {
      const fd = openLocked(this.#options.path, constants.O_RDONLY, "exclusive");
      return fd === undefined ? undefined : new HeldLock(fd);
    }, signal);
  }

  async #makeUnfinished(): Promise<UnfinishedDirectory> {
    const { path } = this.#options;
    await makeDirectories(path, 0o777);
    await using _lock = await this.#lock();
    await removeAbandoned(path);
    return await makeUnfinished(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#unfinished?.then(
      (unfinished) => unfinished[Symbol.asyncDispose](),
      () => undefined,
    );
  }
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
