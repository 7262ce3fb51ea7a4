import aws4 from "aws4";
import type { IncomingMessage } from "node:http";
import { hexOf } from "../../oci/digest.js";
import type { Promised } from "../../oci/verified.js";
import { discard, type HttpRequest } from "../../registry/http/transport.js";
import { counted } from "./counted.js";
import { contentOf, exchange, type HttpObjectsOptions } from "./http-objects.js";
import type { ObjectStore } from "./object-place.js";
import type { WriteOptions } from "./place.js";

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

/** What one request is made of. */
interface S3Call {
  readonly method: HttpRequest["method"];
  readonly key: string;
  readonly content?: Promised;
  readonly open?: () => AsyncIterable<Uint8Array>;
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

  async read(key: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    const answer = await this.#send({ method: "GET", key }, [200, 404], signal);
    return contentOf(answer);
  }

  async write(
    key: string,
    content: Promised,
    { open, onProgress, signal }: WriteOptions,
  ): Promise<void> {
    const watched = (): AsyncIterable<Uint8Array> => counted(open(), onProgress);
    discard(await this.#send({ method: "PUT", key, content, open: watched }, [200], signal));
  }

  #send(call: S3Call, ok: readonly number[], signal: AbortSignal): Promise<IncomingMessage> {
    const action = `${call.method === "PUT" ? "write to" : "read from"} ${this.title}`;
    return exchange({ request: () => this.#signed(call), ok, action }, this.#options, signal);
  }

  #signed({ method, key, content, open }: S3Call): HttpRequest {
    const { credentials, region } = this.#options;
    const url = new URL(this.#base);
    url.pathname += key.split("/").map(escaped).join("/");
    const digest = content === undefined ? {} : { "X-Amz-Content-Sha256": hexOf(content.digest) };
    const request = { service: "s3", region, method, host: url.host, path: url.pathname };
    const { headers = {} } = aws4.sign(
      { ...request, headers: { ...digest } },
      { ...credentials, sessionToken: credentials.sessionToken ?? "" },
    );
    const signed = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
    const body = content && open && { size: content.size, open };
    return { method, url, headers: Object.fromEntries(signed), body };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.transport.close();
    return Promise.resolve();
  }
}

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
