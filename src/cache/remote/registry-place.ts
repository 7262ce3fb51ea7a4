import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BuildError, type BuildErrorCode } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { parseDocument } from "../../oci/image-json.js";
import type { ImageConfig, Manifest } from "../../oci/image.js";
import type { Platform } from "../../oci/platform.js";
import { familiarReference, type Reference } from "../../oci/reference.js";
import type { Stored } from "../../oci/resolved-image.js";
import { streamOf } from "../../oci/stream-of.js";
import { RegistryError } from "../../registry/registry-error.js";
import type { RegistryClient } from "../../registry/registry-client.js";
import { refuseBuildKit, refuseBuildKitImage } from "./buildkit.js";
import { inlineDocument } from "./inline.js";
import {
  DOCUMENT_TYPE,
  manifestOfDocument,
  manifestOfMount,
  manifestOfRecord,
  MOUNT_TYPE,
  recordInManifest,
  type CacheManifest,
} from "./manifest.js";
import type { MountName, MountRecord } from "./mount-record.js";
import type { CachePlace, WriteOptions } from "./place.js";
import { readDocument, readMount } from "./read-record.js";
import type { CacheDocument, RecordName, RemoteRecord } from "./record.js";

/** The parts of a registry's client that a cache needs. */
export type CacheRegistry = Pick<
  RegistryClient,
  | "distrust"
  | "document"
  | "download"
  | "head"
  | "image"
  | "pushBlob"
  | "pushManifest"
  | "resolve"
  | "takeWarnings"
>;

/** Which cache of a registry. */
export interface RegistryPlaceOptions {
  readonly reference: Reference;
  /** Opened with the first request. */
  readonly registry: () => Promise<CacheRegistry>;
  /** Ends what was opened for this place alone. */
  readonly close?: (() => Promise<void>) | undefined;
  /** Of the images whose inline caches are wanted. */
  readonly platforms: readonly Platform[];
}

/**
 * `type=registry`: the manifest of the given tag is the document, and each name of a record is a tag
 * that begins with it. An image with an inline cache can be read as well.
 */
export class RegistryPlace implements CachePlace {
  readonly title: string;
  readonly #options: RegistryPlaceOptions;
  #isImage = false;
  /** Once blobs come from it. */
  #registry: CacheRegistry | undefined;

  constructor(options: RegistryPlaceOptions) {
    this.title = `registry ${familiarReference(options.reference)}`;
    this.#options = options;
  }

  async latest(signal: AbortSignal): Promise<CacheDocument | undefined> {
    const { reference } = this.#options;
    const stored = await this.#resolve(reference, signal);
    if (stored === undefined) return undefined;
    const manifest = manifestIn(stored);
    if (manifest?.config.mediaType === DOCUMENT_TYPE)
      return readDocument(await this.#configOf(manifest, signal));
    refuseBuildKit(stored.bytes);
    return await this.#inImage(signal);
  }

  async #inImage(signal: AbortSignal): Promise<CacheDocument> {
    this.#isImage = true;
    const { reference, platforms } = this.#options;
    const registry = await this.#options.registry();
    const documents: CacheDocument[] = [];
    const others: ImageConfig[] = [];
    for (const platform of platforms) {
      const image = await unlessMissing(() => registry.image(reference, platform, signal));
      if (image === undefined) continue;
      const document = inlineDocument(image.config.value, image.manifest.value);
      if (document === undefined) others.push(image.config.value);
      else documents.push(document);
    }
    if (documents.length > 0) {
      return {
        steps: documents.flatMap(({ steps }) => steps),
        facts: documents.flatMap(({ facts }) => facts),
        bases: documents.flatMap(({ bases }) => bases),
      };
    }
    others.forEach(refuseBuildKitImage);
    throw new BuildError("INVALID_IMAGE", "it is an image without a cache in it");
  }

  async #configOf({ config }: Manifest, signal: AbortSignal): Promise<Uint8Array> {
    const registry = await this.#options.registry();
    return await registry.document(this.#options.reference, config, signal);
  }

  async find(name: RecordName, signal: AbortSignal): Promise<readonly RemoteRecord[]> {
    const stored = await this.#resolve(this.#named(name), signal);
    const manifest = stored && manifestIn(stored);
    const record = manifest && recordInManifest(manifest);
    return record === undefined ? [] : [record];
  }

  async *open(blob: Descriptor, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#registry = await this.#options.registry();
    yield* this.#registry.download(this.#options.reference, blob, signal);
  }

  /** A mirror may have given them. */
  refuse(blob: Descriptor, error: BuildError): readonly string[] | undefined {
    const isElsewhere = this.#registry?.distrust(blob, error) === true;
    return isElsewhere ? this.#registry?.takeWarnings() : undefined;
  }

  async write(blob: Descriptor, options: WriteOptions): Promise<"present" | "uploaded"> {
    const registry = await this.#options.registry();
    const done = await registry.pushBlob(this.#options.reference, blob, options);
    return done === "uploaded" ? done : "present";
  }

  /** Whoever comes first: a tag leads to one record, and a step has one result at a time. */
  async put(name: RecordName, record: RemoteRecord, signal: AbortSignal): Promise<void> {
    const reference = this.#named(name);
    if (await this.#isThere(reference, signal)) return;
    await this.#push(manifestOfRecord(record), reference, signal);
  }

  async setLatest(document: CacheDocument, signal: AbortSignal): Promise<void> {
    if (this.#isImage) {
      const message = `Cannot write ${this.title}: an image has that name`;
      throw new BuildError("OUTPUT", message, { hint: "give the cache a tag of its own" });
    }
    await this.#push(manifestOfDocument(document), this.#options.reference, signal);
  }

  async mount(name: MountName, signal: AbortSignal): Promise<MountRecord | undefined> {
    const stored = await this.#resolve(this.#named(name), signal);
    const manifest = stored && manifestIn(stored);
    if (manifest?.config.mediaType !== MOUNT_TYPE) return undefined;
    return readMount(await this.#configOf(manifest, signal));
  }

  async setMount(name: MountName, record: MountRecord, signal: AbortSignal): Promise<void> {
    await this.#push(manifestOfMount(record), this.#named(name), signal);
  }

  async #push(
    { config, manifest }: CacheManifest,
    reference: Reference,
    signal: AbortSignal,
  ): Promise<void> {
    const open = (): AsyncIterable<Uint8Array> => streamOf(config.bytes);
    await this.write(config.descriptor, { open, signal });
    const registry = await this.#options.registry();
    await patiently(() => registry.pushManifest(reference, manifest, signal), signal);
  }

  async #isThere(reference: Reference, signal: AbortSignal): Promise<boolean> {
    const registry = await this.#options.registry();
    return (await unlessMissing(() => registry.head(reference, signal))) !== undefined;
  }

  async #resolve(reference: Reference, signal: AbortSignal): Promise<Stored | undefined> {
    const registry = await this.#options.registry();
    return await unlessMissing(() => registry.resolve(reference, signal));
  }

  #named(name: MountName | RecordName): Reference {
    const { registry, repository, tag = "latest" } = this.#options.reference;
    return { registry, repository, tag: tagOf(tag, name) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.close?.();
  }
}

/** Waits before further tries, in milliseconds. */
const delays = [50, 200, 800];

/**
 * A registry looks for the blobs of a manifest, and may find one that another writer is just bringing,
 * half: docker-registry answers 400 then.
 */
async function patiently(push: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (const delay of delays) {
    try {
      await push();
      return;
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status !== 400) throw error;
      await sleep(delay, undefined, { signal });
    }
  }
  await push();
}

/** A tag has 128 characters at most (distribution-spec, "Pulling manifests"). */
function tagOf(tag: string, name: MountName | RecordName): string {
  const whole = `${tag}.${name}`;
  if (whole.length <= 128) return whole;
  return `${createHash("sha256").update(tag).digest("hex").slice(0, 40)}.${name}`;
}

function manifestIn({ bytes, descriptor }: Stored): Manifest | undefined {
  const document = parseDocument(bytes, descriptor.mediaType);
  return document.kind === "manifest" ? document.manifest : undefined;
}

/** Nothing has that name, or nothing for that platform. */
const missingCodes: ReadonlySet<BuildErrorCode> = new Set(["IMAGE_NOT_FOUND", "PLATFORM"]);

async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof BuildError && missingCodes.has(error.code)) return undefined;
    throw error;
  }
}
