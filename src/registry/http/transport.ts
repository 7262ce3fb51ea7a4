import * as http from "node:http";
import * as https from "node:https";
import { Readable, pipeline } from "node:stream";
import { codeOf, isUntrusted } from "./error-code.js";
import type { ProxyChoice } from "./proxy-choice.js";
import { Trust, type TrustOptions } from "./trust.js";
import { requestOf, throughProxy, TunnelAgent, type Proxy } from "./tunnel.js";

/** Bytes to send that can be read again for another try. */
export interface Upload {
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** One HTTP request. */
export interface HttpRequest {
  readonly method: "DELETE" | "GET" | "HEAD" | "PATCH" | "POST" | "PUT";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Upload | undefined;
  /** Never send it again unasked: whoever sends it finds out first what became of it. */
  readonly once?: boolean | undefined;
  /** The host whose certificates count (Trust); the URL's own unless given. */
  readonly onBehalfOf?: string | undefined;
}

/** Which servers to trust. */
export interface TransportOptions extends TrustOptions {
  /** Hosts (with port) whose certificate does not matter. */
  readonly isInsecure: (host: string) => boolean;
  /** The direct way unless given. */
  readonly proxy?: ProxyChoice | undefined;
  /** On a connection, in milliseconds; two minutes unless given. */
  readonly longestSilence?: number | undefined;
}

/** Connections to one host at a time. */
const maxConnections = 4;

/** Longest wait for a connection, in milliseconds. */
const dialTimeout = 15_000;

/** In milliseconds: a registry may hash a whole layer meanwhile. */
const usualSilence = 120_000;

/** One HTTP exchange at a time over connections that stay open; knows nothing of registries. */
export class Transport {
  /** Whether a host's certificate, or the lack of one, does not matter. */
  readonly isInsecure: (host: string) => boolean;
  readonly #proxy: ProxyChoice;
  readonly #plain = new http.Agent({ keepAlive: true, maxSockets: maxConnections });
  /** By the certificates that they use and the proxy that they go through. */
  readonly #secure = new Map<string, https.Agent>();
  readonly #trust: Trust;
  readonly #longestSilence: number;

  constructor({
    isInsecure,
    proxy = () => undefined,
    longestSilence = usualSilence,
    ...trust
  }: TransportOptions) {
    this.#longestSilence = longestSilence;
    this.#trust = new Trust(trust);
    this.#proxy = proxy;
    this.isInsecure = isInsecure;
  }

  /** Sends a request and waits for the head of the answer; the caller reads or destroys its body. */
  async send(request: HttpRequest, signal?: AbortSignal): Promise<http.IncomingMessage> {
    signal?.throwIfAborted();
    const { isWide } = this.#trust;
    const outgoing = await this.#start(request, signal);
    try {
      return await exchange(outgoing, request.body);
    } catch (error) {
      signal?.throwIfAborted();
      // The server closed an idle connection just when we took it again: no try was made.
      const stale =
        outgoing.reusedSocket && request.once !== true && codeOf(error) === "ECONNRESET";
      const distrusted = isUntrusted(error) && !isWide && this.#trust.widen();
      if (!stale && !distrusted) throw error;
      return await this.send(request, signal);
    }
  }

  async #start(
    { method, url, headers, body, onBehalfOf = url.host }: HttpRequest,
    signal?: AbortSignal,
  ): Promise<http.ClientRequest> {
    const size = body === undefined ? undefined : "open" in body ? body.size : body.byteLength;
    const options = {
      method,
      headers: {
        "User-Agent": "tsbuild",
        ...headers,
        ...(size === undefined ? {} : { "Content-Length": String(size) }),
      },
      timeout: this.#longestSilence,
      ...(signal === undefined ? {} : { signal }),
    };
    const proxy = this.#proxy(url);
    if (url.protocol === "http:") {
      if (proxy === undefined) return http.request(url, { ...options, agent: this.#plain });
      const detour = throughProxy(this.#trusted(proxy), url);
      const merged = { ...detour.headers, ...options.headers };
      return requestOf(proxy)({ ...options, ...detour, headers: merged });
    }
    const rejectUnauthorized = !this.isInsecure(url.host);
    const agent = await this.#agentFor(onBehalfOf, { rejectUnauthorized, proxy });
    return https.request(url, { ...options, rejectUnauthorized, agent });
  }

  async #agentFor(host: string, { rejectUnauthorized, proxy }: Way): Promise<https.Agent> {
    const certificates = await this.#trust.certificatesOf(host);
    const { isWide } = this.#trust;
    const key = JSON.stringify([certificates?.directory, proxy, isWide, rejectUnauthorized]);
    const known = this.#secure.get(key);
    if (known !== undefined) return known;
    const secureContext = rejectUnauthorized
      ? this.#trust.context(certificates)
      : this.#trust.blindContext(certificates);
    const options = {
      keepAlive: true,
      maxSockets: maxConnections,
      ...(secureContext === undefined ? {} : { secureContext }),
    };
    const agent =
      proxy === undefined
        ? new https.Agent(options)
        : new TunnelAgent(this.#trusted(proxy), options);
    this.#secure.set(key, agent);
    return agent;
  }

  /** Its certificate counts, whatever that of the server behind it does. */
  #trusted(url: URL): Proxy {
    const isSecure = url.protocol === "https:";
    return { url, secureContext: isSecure ? this.#trust.context(undefined) : undefined };
  }

  /** Ends every connection. */
  close(): void {
    this.#plain.destroy();
    for (const agent of this.#secure.values()) agent.destroy();
  }
}

/** How a connection is made. */
interface Way {
  /** Whether the server's certificate matters. */
  readonly rejectUnauthorized: boolean;
  readonly proxy: URL | undefined;
}

function exchange(
  outgoing: http.ClientRequest,
  body: HttpRequest["body"],
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    let incoming: http.IncomingMessage | undefined;
    outgoing.on("response", (response) => {
      incoming = response;
      // Refused before all was sent: nobody wants the rest.
      if (!outgoing.writableEnded) response.once("end", () => outgoing.destroy());
      resolve(response);
    });
    outgoing.on("error", reject);
    outgoing.on("timeout", () => {
      // Bytes that nobody took yet: it is our reader that is slow.
      if (incoming !== undefined && incoming.readableLength > 0) return;
      outgoing.destroy(timedOut());
    });
    outgoing.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => outgoing.destroy(timedOut()), dialTimeout);
      socket.once("connect", () => {
        clearTimeout(timer);
      });
      outgoing.once("close", () => {
        clearTimeout(timer);
      });
    });
    if (body !== undefined && "open" in body) {
      pipeline(Readable.from(body.open(), { highWaterMark: 1 }), outgoing, (error) => {
        if (error) reject(error);
      });
    } else {
      outgoing.end(body);
    }
  });
}

function timedOut(): Error {
  return Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });
}

/** Reads a small body to its end; undefined when it is longer than `limit`. */
export async function readBody(
  response: http.IncomingMessage,
  limit: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(response)) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body of an answer as it comes; leaving it early closes the connection. */
export function chunksOf(response: http.IncomingMessage): AsyncIterable<Buffer> {
  return response;
}

/** Lets go of an answer whose body does not matter, so that its connection can be used again. */
export function discard(response: http.IncomingMessage): void {
  response.on("error", () => undefined);
  response.resume();
}
