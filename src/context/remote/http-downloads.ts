import type { IncomingMessage } from "node:http";
import { BuildError } from "../../error.js";
import { authorityHint, connectionFailure, isUntrusted } from "../../registry/http/error-code.js";
import { HttpError } from "../../registry/http/http-error.js";
import { parseRetryAfter, retried } from "../../registry/http/retry.js";
import { chunksOf, discard, type Transport } from "../../registry/http/transport.js";
import { redactUrl, redirectTarget } from "../../registry/http/web-url.js";
import type { SecretSource } from "../../secret-source.js";
import { gunzipped } from "../../oci/compression.js";
import type { Digest } from "../../oci/digest.js";
import type { Download } from "../../store/downloads.js";
import type { Store } from "../../store/store.js";
import { httpAuthorization } from "./authorization.js";

/** Bytes that have come so far, of how many. */
export type OnBytes = (current: number, total: number | undefined) => void;

/** What downloads need. */
export interface HttpDownloadsOptions {
  readonly store: Pick<Store, "blobs" | "downloads" | "locks">;
  readonly transport: Transport;
  readonly secrets: SecretSource;
  /** Waits before each further try, in milliseconds. */
  readonly retryDelays: readonly number[];
}

/** One thing to download. */
export interface DownloadRequest {
  readonly url: string;
  /** What the body must be; then a body that is here already needs no network. */
  readonly checksum: Digest | undefined;
  readonly onBytes?: OnBytes | undefined;
  /** Longest body that is taken, in bytes. */
  readonly limit?: number | undefined;
}

/** As Go's net/http. */
const maxRedirects = 10;

/**
 * The bodies behind URLs, as blobs of the store (SEMANTICS C22, C24). A URL is asked every time
 * whether it still is what it was; what it was is not sent again.
 */
export class HttpDownloads {
  readonly #options: HttpDownloadsOptions;

  constructor(options: HttpDownloadsOptions) {
    this.#options = options;
  }

  /** Makes sure that the body is here. Throws REMOTE, and DIGEST_MISMATCH for an unwanted body. */
  async get(request: DownloadRequest, signal: AbortSignal): Promise<Download> {
    const { store, retryDelays } = this.#options;
    const { url } = request;
    await using _lock = await store.locks.lock(`download ${url}`, signal);
    const known = await store.downloads.get(url);
    const promised = await this.#promised(request, known);
    if (promised !== undefined) return promised;
    const attempt = (): Promise<Download> => this.#ask(request, known, signal);
    const download = await retried(attempt, { delays: retryDelays }, signal);
    if (request.checksum !== undefined && request.checksum !== download.digest) {
      throw mismatch(url, request.checksum, download.digest);
    }
    return download;
  }

  /** A body with that checksum is the right one, wherever it came from. */
  async #promised(
    { checksum }: DownloadRequest,
    known: Download | undefined,
  ): Promise<Download | undefined> {
    if (checksum === undefined) return undefined;
    if (known?.digest === checksum) return known;
    const { blobs } = this.#options.store;
    const size = (await blobs.has(checksum)) ? await blobs.size(checksum) : undefined;
    if (size === undefined) return undefined;
    return { digest: checksum, size, etag: undefined, lastModified: undefined };
  }

  async #ask(
    request: DownloadRequest,
    known: Download | undefined,
    signal: AbortSignal,
  ): Promise<Download> {
    const etag = known?.etag;
    const response = await this.#send(request.url, etag, signal);
    const { statusCode: status = 0 } = response;
    if (known !== undefined && etag !== undefined && isSame(response, etag)) {
      // A server that knows no If-None-Match sends everything: nobody waits for that.
      if (status === 304) discard(response);
      else response.destroy();
      return known;
    }
    if (status < 200 || status > 299) throw refused(request.url, response);
    return await this.#keep(request, response, signal);
  }

  async #send(
    text: string,
    etag: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { transport, secrets } = this.#options;
    const start = new URL(text);
    const authorization = await httpAuthorization(start, secrets);
    let url = start;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const headers = {
        ...(etag === undefined ? {} : { "If-None-Match": etag }),
        ...(authorization !== undefined && mayKnow(start, url)
          ? { Authorization: authorization }
          : {}),
      };
      const response = await reach(url, () =>
        transport.send({ method: "GET", url, headers }, signal),
      ).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
      const next = redirectTarget(response, "GET", url);
      if (next === undefined) return response;
      discard(response);
      url = next;
    }
    throw new HttpError("REMOTE", `Cannot download "${redactUrl(start)}": too many redirects`);
  }

  async #keep(
    { url, onBytes, limit }: DownloadRequest,
    response: IncomingMessage,
    signal: AbortSignal,
  ): Promise<Download> {
    const { headers } = response;
    const { blobs, downloads } = this.#options.store;
    const total = isGzipped(response) ? NaN : Number(headers["content-length"] ?? NaN);
    const counted = count(url, response, { limit, onBytes, total });
    const { digest, size } = await blobs.write(counted, undefined, signal);
    const lastModified = Date.parse(headers["last-modified"] ?? "");
    const download: Download = {
      digest,
      size,
      etag: headers.etag,
      lastModified: Number.isNaN(lastModified) ? undefined : Math.floor(lastModified / 1000),
    };
    await downloads.put(url, download);
    return download;
  }
}

interface Counting {
  readonly limit: number | undefined;
  readonly onBytes: OnBytes | undefined;
  readonly total: number;
}

async function* count(
  url: string,
  response: IncomingMessage,
  { limit = Infinity, onBytes, total }: Counting,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  try {
    for await (const chunk of bodyOf(response)) {
      current += chunk.byteLength;
      if (current > limit) throw tooLarge(url, limit);
      onBytes?.(current, Number.isNaN(total) ? undefined : total);
      yield chunk;
    }
  } catch (error) {
    throw failedBody(url, error);
  }
}

/** Of a coding that is damaged, only the URL tells whose it is. */
function failedBody(url: string, error: unknown): BuildError {
  if (error instanceof HttpError) return error;
  if (!(error instanceof BuildError)) return unreachable(new URL(url), error);
  const message = `Cannot download "${redactUrl(new URL(url))}": ${error.message}`;
  return new BuildError(error.code, message, { cause: error });
}

/** What was served, without the coding that some servers put on unasked: docker's client takes it off, too. */
function bodyOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const chunks = chunksOf(response);
  return isGzipped(response) ? gunzipped(chunks) : chunks;
}

/** By RFC 9110, 8.4. */
function isGzipped({ headers }: IncomingMessage): boolean {
  return headers["content-encoding"]?.toLowerCase() === "gzip";
}

/** Whether an answer says that nothing changed; a weak tag is as good as a strong one here. */
function isSame({ statusCode, headers }: IncomingMessage, etag: string): boolean {
  const bare = (tag: string): string => tag.replace(/^W\//, "");
  if (statusCode === 304) return headers.etag === undefined || bare(headers.etag) === bare(etag);
  return statusCode === 200 && headers.etag !== undefined && bare(headers.etag) === bare(etag);
}

/** A secret is for the host it was given for, and does not leave TLS again. */
function mayKnow(start: URL, url: URL): boolean {
  if (url.origin === start.origin) return true;
  return url.hostname === start.hostname && url.protocol === "https:";
}

async function reach<T>(url: URL, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw unreachable(url, error);
  }
}

function unreachable(url: URL, cause: unknown): HttpError {
  const hint = isUntrusted(cause) ? authorityHint : undefined;
  const message = `Cannot download "${redactUrl(url)}": ${connectionFailure(cause)}`;
  return new HttpError("REMOTE", message, { cause, hint });
}

function refused(url: string, response: IncomingMessage): HttpError {
  const { statusCode: status = 0, headers } = response;
  discard(response);
  const { hostname } = new URL(url);
  const hint =
    status === 401 || status === 403
      ? `give the secret HTTP_AUTH_TOKEN_${hostname} or HTTP_AUTH_HEADER_${hostname} with --secret`
      : undefined;
  const message = `Cannot download "${redactUrl(new URL(url))}": invalid response status ${status}`;
  const retryAfter = parseRetryAfter(headers["retry-after"], Date.now());
  return new HttpError("REMOTE", message, { status, retryAfter, hint });
}

function tooLarge(url: string, limit: number): HttpError {
  const message = `Cannot download "${redactUrl(new URL(url))}": more than ${limit} bytes`;
  return new HttpError("REMOTE", message);
}

function mismatch(url: string, want: Digest, got: Digest): BuildError {
  const shown = redactUrl(new URL(url));
  return new BuildError(
    "DIGEST_MISMATCH",
    `Cannot use "${shown}": digest mismatch ${got}: want ${want}`,
    { hint: "what is served has changed, or the --checksum is that of something else" },
  );
}
