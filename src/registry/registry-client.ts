import type { BuildError } from "../error.js";
import type { Descriptor } from "../oci/descriptor.js";
import type { Digest } from "../oci/digest.js";
import { isIndexType, isManifestType } from "../oci/image-json.js";
import type { Platform } from "../oci/platform.js";
import { familiarReference, type Reference } from "../oci/reference.js";
import { resolveImage, type ResolvedImage, type Stored } from "../oci/resolved-image.js";
import { verified, verifiedBytes } from "../oci/verified.js";
import { downloadBlob } from "./blob-download.js";
import { hasBlob, uploadBlob, type PushOptions } from "./blob-upload.js";
import { Connection, type RegistryOptions } from "./connection.js";
import { logIn } from "./log-in.js";
import { downloadManifest, headManifest } from "./manifest-download.js";
import { uploadManifest } from "./manifest-upload.js";
import { isLie, Mirrors } from "./mirrors.js";
import { listReferrers } from "./referrers.js";
import { Repository } from "./repository.js";
import { listTags } from "./tag-list.js";
import { retried } from "./http/retry.js";

/**
 * Pulls from and pushes to OCI registries (distribution-spec). What it hands out was verified against its
 * digest, but for downloads; what fails for a moment is tried again.
 */
export class RegistryClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #mirrors = new Mirrors();

  constructor(options: RegistryOptions) {
    this.#connection = new Connection(options);
  }

  /**
   * Shows our credentials to a registry, which must take them: AUTH otherwise. Answers the identity
   * token to keep instead of the password, where the registry gives one.
   */
  logIn(registry: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#retried(() => logIn(this.#connection, registry, signal), signal);
  }

  /** What a name points at: a manifest or an index; by digest where the name has one. */
  resolve(reference: Reference, signal?: AbortSignal): Promise<Stored> {
    const download = (repository: Repository) => downloadManifest(repository, reference, signal);
    return this.#read(reference, download, signal);
  }

  /** What a name points at now, without downloading it where the registry can tell. */
  async head(reference: Reference, signal?: AbortSignal): Promise<Descriptor> {
    const ask = (repository: Repository) => headManifest(repository, reference, signal);
    const found = await this.#read(reference, ask, signal);
    return found ?? (await this.resolve(reference, signal)).descriptor;
  }

  /** A manifest or index of the repository, by digest. */
  manifest(reference: Reference, digest: Digest, signal?: AbortSignal): Promise<Stored> {
    return this.resolve({ ...reference, digest }, signal);
  }

  /** The image for a platform, read down to its layers' descriptors. */
  async image(
    reference: Reference,
    platform: Platform,
    signal?: AbortSignal,
  ): Promise<ResolvedImage> {
    return await this.imageOf(await this.resolve(reference, signal), reference, {
      platform,
      signal,
    });
  }

  /** As `image`, below a manifest or index of the repository. */
  imageOf(
    root: Stored,
    reference: Reference,
    {
      platform,
      signal,
    }: { readonly platform: Platform; readonly signal?: AbortSignal | undefined },
  ): Promise<ResolvedImage> {
    return resolveImage(root, {
      name: familiarReference(reference),
      platform,
      fetch: (descriptor) => this.document(reference, descriptor, signal),
    });
  }

  /** The verified bytes of a manifest, an index or a config of the repository. */
  async document(
    reference: Reference,
    descriptor: Descriptor,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const { mediaType, digest } = descriptor;
    if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
      return await this.#wholeBlob(reference, descriptor, signal);
    }
    return (await this.manifest(reference, digest, signal)).bytes;
  }

  async #wholeBlob(
    reference: Reference,
    descriptor: Descriptor,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    for (;;) {
      try {
        return await verifiedBytes(this.download(reference, descriptor, signal), descriptor);
      } catch (error) {
        if (!isLie(error) || !this.distrust(descriptor, error)) throw error;
      }
    }
  }

  /** The verified bytes of a blob; a broken transfer goes on where it stopped. */
  blob(
    reference: Reference,
    descriptor: Descriptor,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    return verified(this.download(reference, descriptor, signal), descriptor);
  }

  /** As `blob`, for those who verify the bytes themselves, and call `distrust` where they are others. */
  download(
    reference: Reference,
    descriptor: Descriptor,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { retries } = this.#connection;
    const options = { retries, mirrors: this.#mirrors, signal };
    return downloadBlob(this.#repository(reference, "pull"), descriptor, options);
  }

  /** Passes over the mirrors that gave bytes of this blob from now on; false when there were none. */
  distrust({ digest }: Descriptor, error: BuildError): boolean {
    return this.#mirrors.distrust(digest, error);
  }

  /** What mirrors gave and was not used, each told once. */
  takeWarnings(): readonly string[] {
    return this.#mirrors.takeWarnings();
  }

  /** Every tag of the repository. */
  tags(reference: Reference, signal?: AbortSignal): Promise<readonly string[]> {
    const repository = this.#repository(reference, "pull");
    return this.#retried(() => listTags(repository, signal), signal);
  }

  /** Brings a blob into the repository; "present" when it had it before. */
  async pushBlob(
    reference: Reference,
    blob: Descriptor,
    options: PushOptions,
  ): Promise<"present" | "mounted" | "uploaded"> {
    const repository = this.#repository(reference, "push");
    const { signal } = options;
    if (await this.#retried(() => hasBlob(repository, blob, signal), signal)) return "present";
    return uploadBlob(repository, blob, { ...options, retries: this.#connection.retries });
  }

  /** Stores a manifest or index, whose parts must be there, under the reference's tag or its digest. */
  async pushManifest(reference: Reference, stored: Stored, signal?: AbortSignal): Promise<void> {
    const repository = this.#repository(reference, "push");
    await this.#retried(() => uploadManifest(repository, reference, stored, signal), signal);
  }

  /** What says of itself that it is about a manifest or index of the repository (N07). */
  referrers(
    reference: Reference,
    subject: Digest,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]> {
    const repository = this.#repository(reference, "pull");
    return this.#retried(() => listReferrers(repository, subject, signal), signal);
  }

  #repository(reference: Reference, verb: "pull" | "push"): Repository {
    return new Repository(this.#connection, reference, verb);
  }

  async #read<T>(
    reference: Reference,
    read: (repository: Repository) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const origin = this.#repository(reference, "pull");
    for (const mirror of this.#mirrors.of(origin)) {
      try {
        return await read(mirror);
      } catch (error) {
        signal?.throwIfAborted();
        this.#mirrors.failed(mirror, error);
      }
    }
    return this.#retried(() => read(origin), signal);
  }

  #retried<T>(attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return retried(attempt, this.#connection.retries, signal);
  }

  /** Ends every connection, so that nothing keeps the process alive. */
  close(): void {
    this.#connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}
