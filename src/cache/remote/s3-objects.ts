import aws4 from "aws4";
import type { IncomingMessage } from "node:http";
import { digestOf, hexOf } from "../../oci/digest.js";
import { verified, type Promised } from "../../oci/verified.js";
import { discard, readBody, type HttpRequest } from "../../registry/http/transport.js";
import { counted } from "../../oci/counted.js";
import { exchange, read, type HttpObjectsOptions } from "./http-objects.js";
import type { ObjectStore } from "./object-place.js";
import type { WriteOptions } from "./place.js";
import { PART, writeInParts, type S3Call } from "./s3-parts.js";

/** A bucket, and who we are there. */
export interface S3Options extends HttpObjectsOptions {
  readonly bucket: string;
  readonly region: string;
  /** Amazon's unless given. */
  readonly endpoint: URL | undefined;
  /** The bucket is named in the path, not in the host. */
  readonly pathStyle: boolean;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  };
}

/** `type=s3`: a bucket of Amazon S3 or of a server that speaks like it, signed with Signature Version 4. */
export class S3Objects implements ObjectStore {
  readonly title: string;
  readonly #options: S3Options;
  readonly #base: URL;

  constructor(options: S3Options) {
    this.title = `bucket ${options.bucket}`;
    this.#options = options;
    this.#base = baseOf(options);
  }

  async has(key: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#send({ method: "HEAD", key }, [200, 404], signal);
    discard(answer);
    return answer.statusCode === 200;
  }

  read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    const request = (headers: S3Call["headers"]): HttpRequest =>
      this.#signed({ method: "GET", key, headers });
    return read({ request, action: `read from ${this.title}` }, this.#options, signal);
  }

  async write(key: string, content: Promised, options: WriteOptions): Promise<void> {
    if (content.size > PART) {
      const send = async (call: S3Call, signal: AbortSignal) => {
        const answer = await this.#send(call, [200, 204], signal);
        const { etag } = answer.headers;
        return { etag, text: String((await readBody(answer, LARGEST)) ?? "") };
      };
      await writeInParts({ key, content, title: this.title, send }, options);
      return;
    }
    const { open, onProgress, signal } = options;
    const body = { ...content, open: () => counted(verified(open(), content), onProgress) };
    discard(await this.#send({ method: "PUT", key, body }, [200], signal));
  }

  #send(call: S3Call, ok: readonly number[], signal: AbortSignal): Promise<IncomingMessage> {
    const action = `${call.method === "HEAD" ? "read from" : "write to"} ${this.title}`;
    return exchange({ request: () => this.#signed(call), ok, action }, this.#options, signal);
  }

  #signed({ method, key, query = {}, headers = {}, body }: S3Call): HttpRequest {
    const { credentials, region } = this.#options;
    const url = new URL(this.#base);
    url.pathname += key.split("/").map(escaped).join("/");
    url.search = new URLSearchParams(query).toString();
    const digest = body && ("open" in body ? body.digest : digestOf(body));
    const hash = digest === undefined ? {} : { "X-Amz-Content-Sha256": hexOf(digest) };
    const path = url.pathname + url.search;
    const request = { service: "s3", region, method, host: url.host, path };
    const { headers: signed = {} } = aws4.sign(
      { ...request, headers: { ...headers, ...hash } },
      { ...credentials, sessionToken: credentials.sessionToken ?? "" },
    );
    const texts = Object.entries(signed).map(([name, value]) => [name, String(value)] as const);
    return { method, url, headers: Object.fromEntries(texts), body };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.transport.close();
    return Promise.resolve();
  }
}

/** Of what the server itself says, in bytes. */
const LARGEST = 1 << 16;

function baseOf({ bucket, region, endpoint, pathStyle }: S3Options): URL {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  if (pathStyle) base.pathname += `${escaped(bucket)}/`;
  else base.host = `${bucket}.${base.host}`;
  return base;
}

/** As Signature Version 4 wants it: more than encodeURIComponent does. */
function escaped(name: string): string {
  const hex = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(name).replace(/[!'()*]/g, hex);
}
