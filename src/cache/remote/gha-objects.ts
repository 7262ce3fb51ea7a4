import { createHash, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isObject, parseJson } from "../../oci/json-shape.js";
import { verified, type Promised } from "../../oci/verified.js";
import { HttpError } from "../../registry/http/http-error.js";
import { discard, readBody, type HttpRequest } from "../../registry/http/transport.js";
import { exchange, read, type HttpObjectsOptions } from "./http-objects.js";
import { counted } from "../../oci/counted.js";
import { writeInBlocks, type StorageCall } from "./gha-blocks.js";
import type { ObjectStore } from "./object-place.js";
import type { WriteOptions } from "./place.js";
import { PART } from "./s3-parts.js";

/** The cache service of a job of GitHub Actions. */
export interface GhaOptions extends HttpObjectsOptions {
  /** ACTIONS_RESULTS_URL. */
  readonly url: URL;
  /** ACTIONS_RUNTIME_TOKEN. */
  readonly token: string;
  /** Which objects are written anew. */
  readonly isReplaced: (key: string) => boolean;
}

/** What the service keeps apart from entries of others. */
const VERSION = createHash("sha256").update("tsbuild cache 1").digest("hex");

const SERVICE = "twirp/github.actions.results.api.v1.CacheService/";

/** Of what the service itself says, in bytes. */
const LARGEST = 1 << 16;

/**
 * `type=gha`: the cache service of GitHub Actions, version 2. An entry is never changed: what is to be
 * replaced gets an entry of a later name, and is found by the beginning of it. The content goes to, and
 * comes from, a signed URL elsewhere.
 */
export class GhaObjects implements ObjectStore {
  readonly title = "GitHub's cache service";
  readonly #action = `use ${this.title}`;
  readonly #options: GhaOptions;

  constructor(options: GhaOptions) {
    this.#options = options;
  }

  async has(key: string, signal: AbortSignal): Promise<boolean> {
    return (await this.#find(key, signal)) !== undefined;
  }

  async read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    const url = await this.#find(key, signal);
    if (url === undefined) return undefined;
    const request = (headers: HttpRequest["headers"] = {}): HttpRequest => {
      return { method: "GET", url, headers };
    };
    return await read({ request, action: this.#action }, this.#options, signal);
  }

  async write(key: string, content: Promised, options: WriteOptions): Promise<void> {
    const { signal } = options;
    const name = this.#options.isReplaced(key)
      ? `${key}#${Date.now()}-${randomBytes(4).toString("hex")}`
      : key;
    const entry = { key: name, version: VERSION };
    const made = await this.#call("CreateCacheEntry", entry, signal);
    const url = urlIn(made, "signed_upload_url");
    if (url === undefined) return; // another job writes it, or has written it
    await this.#upload(url, content, options);
    const size = { size_bytes: String(content.size) };
    const done = await this.#call("FinalizeCacheEntryUpload", { ...entry, ...size }, signal);
    if (done?.["ok"] === true) return;
    throw new HttpError("REMOTE", `Cannot write to ${this.title}: it did not take the upload`);
  }

  async #upload(url: URL, content: Promised, options: WriteOptions): Promise<void> {
    const send = async (call: StorageCall, signal: AbortSignal): Promise<void> => {
      discard(await this.#send(() => ({ method: "PUT", ...call }), [200, 201], signal));
    };
    if (content.size > PART) {
      await writeInBlocks({ url, content, send }, options);
      return;
    }
    const { open, onProgress, signal } = options;
    const body = {
      size: content.size,
      open: () => counted(verified(open(), content), onProgress),
    };
    const headers = { "x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream" };
    await send({ url, headers, body }, signal);
  }

  /** Where to read an entry; one whose key only begins like that is another one. */
  async #find(key: string, signal: AbortSignal): Promise<URL | undefined> {
    const isReplaced = this.#options.isReplaced(key);
    const wanted = isReplaced ? `${key}#` : key;
    const query = { key: wanted, restore_keys: [wanted], version: VERSION };
    const found = await this.#call("GetCacheEntryDownloadURL", query, signal);
    const matched = found?.["matched_key"];
    if (found === undefined || typeof matched !== "string") return undefined;
    const isIt = isReplaced ? matched.startsWith(wanted) : matched === wanted;
    return isIt ? urlIn(found, "signed_download_url") : undefined;
  }

  /** Undefined where the service says that it has such an entry, or has none. */
  async #call(
    method: string,
    message: object,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { url, token } = this.#options;
    const request: HttpRequest = {
      method: "POST",
      url: new URL(SERVICE + method, url),
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: Buffer.from(JSON.stringify(message)),
    };
    const answer = await this.#send(() => request, [200, 404, 409], signal);
    const body = await readBody(answer, LARGEST);
    if (answer.statusCode !== 200 || body === undefined) return undefined;
    const value = parseJson(body, "answer of the cache service");
    return isObject(value) ? value : undefined;
  }

  #send(
    request: () => HttpRequest,
    ok: readonly number[],
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return exchange({ request, ok, action: this.#action }, this.#options, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.transport.close();
    return Promise.resolve();
  }
}

function urlIn(
  answer: Readonly<Record<string, unknown>> | undefined,
  name: string,
): URL | undefined {
  const text = answer?.[name];
  if (answer?.["ok"] !== true || typeof text !== "string" || !URL.canParse(text)) return undefined;
  return new URL(text);
}
