import type { Descriptor } from "../oci/descriptor.js";
import type { ApiResponse } from "./connection.js";
import { isTransient } from "./http/retry.js";
import { discard } from "./http/transport.js";
import { webUrl, withQuery } from "./http/web-url.js";
import { RegistryError } from "./registry-error.js";
import type { Repository } from "./repository.js";
import type { WatchedSource } from "./watched-source.js";

/** Pieces that a blob is sent in after a break, and the smallest that a registry can ask for. In bytes. */
const usualPiece = 16 << 20;

/** Pieces are made in memory: a registry that wants larger ones has the blob in one request. In bytes. */
const largestPiece = 64 << 20;

/** How long the registry may take to hear that an upload is over, in milliseconds. */
const cancelTimeout = 3000;

const headers = { "Content-Type": "application/octet-stream" };

interface StartOptions {
  readonly mountFrom?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A blob on its way into a registry (distribution-spec, "Pushing blobs"). */
export class UploadSession {
  readonly #repository: Repository;
  readonly #blob: Descriptor;
  /** Where it goes on: each answer names a new place. */
  #url: URL;
  #sent = 0;
  /** The blob goes in pieces of this size; undefined is one piece. */
  #piece: number | undefined;

  private constructor(repository: Repository, blob: Descriptor, started: ApiResponse) {
    this.#repository = repository;
    this.#blob = blob;
    const wanted = Number(started.response.headers["oci-chunk-min-length"]);
    // A blob that would be a single piece is none.
    const isInPieces = wanted > 0 && wanted <= largestPiece && wanted < blob.size;
    if (isInPieces) this.#piece = Math.max(wanted, usualPiece);
    this.#url = placeOf(repository, started);
  }

  /** How much the registry is known to have. */
  get sent(): number {
    return this.#sent;
  }

  /** Begins an upload; undefined when the registry took the blob from `mountFrom`. */
  static async start(
    repository: Repository,
    blob: Descriptor,
    { mountFrom, signal }: StartOptions,
  ): Promise<UploadSession | undefined> {
    const query = mountFrom === undefined ? "" : `?${mountQuery(blob, mountFrom)}`;
    const started = await repository.send(
      { method: "POST", path: `blobs/uploads/${query}`, ok: [201, 202], source: mountFrom },
      signal,
    );
    discard(started.response);
    return started.status === 201 ? undefined : new UploadSession(repository, blob, started);
  }

  /** Sends what the registry does not have yet. */
  async send(source: WatchedSource, signal?: AbortSignal): Promise<void> {
    if (this.#piece === undefined) {
      const body = { size: this.#blob.size, open: () => source.open() };
      await this.#finish(body, signal);
      return;
    }
    for await (const piece of source.pieces(this.#sent, this.#piece)) {
      await this.#sendPiece(piece, signal);
      source.tell(this.#sent);
    }
    await this.#finish(new Uint8Array(), signal);
  }

  async #sendPiece(body: Uint8Array, signal?: AbortSignal): Promise<void> {
    const end = this.#sent + body.byteLength;
    const range = { "Content-Range": `${this.#sent}-${end - 1}` };
    const path = this.#url;
    const answer = await this.#repository.send(
      { method: "PATCH", path, headers: { ...headers, ...range }, body, once: true, ok: [202] },
      signal,
    );
    discard(answer.response);
    this.#url = placeOf(this.#repository, answer);
    this.#sent = end;
  }

  async #finish(
    body: Uint8Array | { readonly size: number; readonly open: () => AsyncIterable<Uint8Array> },
    signal?: AbortSignal,
  ): Promise<void> {
    const path = withQuery(this.#url, { digest: this.#blob.digest });
    const ok = [200, 201, 204]; // 201 by the specification
    const call = { method: "PUT", path, headers, body, once: true, ok } as const;
    discard((await this.#repository.send(call, signal)).response);
  }

  /**
   * Asks what arrived before a break; what is left goes in pieces from now on, each of which the
   * registry keeps. False when it cannot tell, and the upload must start again.
   */
  async resume(signal?: AbortSignal): Promise<boolean> {
    try {
      const call = { method: "GET", path: this.#url, ok: [204] } as const;
      const answer = await this.#repository.send(call, signal);
      discard(answer.response);
      const end = Number(/^(?:bytes=)?0-(\d+)$/.exec(answer.response.headers.range ?? "")?.[1]);
      // "0-0" is one byte, or as some say it none.
      if (!(end > 0 && end < this.#blob.size)) return false;
      this.#sent = end + 1;
      this.#url = placeOf(this.#repository, answer);
      this.#piece ??= usualPiece;
      return true;
    } catch (error) {
      const isAnswer = error instanceof RegistryError && error.status !== undefined;
      if (isAnswer && !isTransient(error)) return false;
      throw error;
    }
  }

  /** Has the registry drop what arrived, if it hears us. */
  async cancel(): Promise<void> {
    const call = { method: "DELETE", path: this.#url, ok: [204] } as const;
    await this.#repository.send(call, AbortSignal.timeout(cancelTimeout)).then(
      ({ response }) => {
        discard(response);
      },
      () => undefined, // it drops what is old some day
    );
  }
}

function mountQuery({ digest }: Descriptor, from: string): string {
  return new URLSearchParams({ mount: digest, from }).toString();
}

function placeOf({ action }: Repository, { response, url }: ApiResponse): URL {
  const { location } = response.headers;
  const place = location === undefined ? undefined : webUrl(location, url);
  if (place !== undefined) return place;
  const message = `Cannot push "${action.name}": the registry named no place for the upload`;
  throw new RegistryError("REGISTRY", message);
}
