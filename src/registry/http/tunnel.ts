import * as http from "node:http";
import * as https from "node:https";
import { Duplex } from "node:stream";
import { connect, type SecureContext } from "node:tls";
import { bareHost } from "./web-url.js";

type Done = (error: Error | null, socket: Duplex) => void;

/** Longest wait for a proxy to let us through, in milliseconds. */
const proxyTimeout = 30_000;

/**
 * Connections to HTTPS servers through a proxy (RFC 9110, 9.3.6). A package for it would bring five
 * more; this is one request.
 */
export class TunnelAgent extends https.Agent {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  /** Called by node for each new connection. */
  override createConnection(target: https.RequestOptions, done?: Done): undefined {
    const { port, servername, rejectUnauthorized } = target;
    const host = target.host ?? "localhost"; // as node has it
    const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const { url } = this.#proxy;
    const request = requestOf(url)({
      ...connectionTo(this.#proxy),
      method: "CONNECT",
      path: authority,
      headers: { Host: authority, ...proxyAuthorization(url) },
      timeout: proxyTimeout,
    });
    request.once("connect", ({ statusCode = 0 }: http.IncomingMessage, socket: Duplex) => {
      if (statusCode >= 200 && statusCode < 300) {
        const { secureContext } = this.options;
        // An address has no `servername`: without `host`, its certificate would have to be one for "localhost".
        done?.(null, connect({ socket, host, servername, rejectUnauthorized, secureContext }));
        return;
      }
      socket.destroy();
      done?.(new Error(`the proxy answered with status ${statusCode}`), socket);
    });
    request.once("timeout", () => request.destroy(new Error("the proxy does not answer")));
    request.once("error", (error) => {
      done?.(error, Duplex.from([])); // node looks at the error only
    });
    request.end();
    return undefined;
  }
}

/** A proxy, and the certificates that one with TLS is trusted by; undefined is node's own. */
export interface Proxy {
  readonly url: URL;
  readonly secureContext: SecureContext | undefined;
}

/** The options of a plain HTTP request that goes through `proxy`, which wants the whole URL. */
export function throughProxy(
  proxy: Proxy,
  url: URL,
): Omit<http.RequestOptions, "headers"> & { readonly headers: Readonly<Record<string, string>> } {
  const { href, host } = url;
  return {
    ...connectionTo(proxy),
    path: href.replace(/#.*$/, ""),
    headers: { Host: host, ...proxyAuthorization(proxy.url) },
  };
}

/** Whoever speaks the scheme of a proxy. */
export function requestOf({ protocol }: URL): (options: http.RequestOptions) => http.ClientRequest {
  return protocol === "https:" ? https.request : http.request;
}

/** How to connect to it, each time anew. */
function connectionTo({ url, secureContext }: Proxy): http.RequestOptions {
  const { protocol, hostname, port } = url;
  const agent = secureContext === undefined ? false : new https.Agent({ secureContext });
  return {
    protocol,
    host: bareHost(hostname),
    port: port || (protocol === "https:" ? 443 : 80),
    agent,
  };
}

function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "" && password === "") return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "Proxy-Authorization": `Basic ${Buffer.from(login).toString("base64")}` };
}
