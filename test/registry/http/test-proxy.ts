import { once } from "node:events";
import { createServer, request as forward, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import { connect } from "node:net";

/** Listens on a free loopback port until disposed. */
export async function listen(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface ProxyOptions {
  /** Lets nobody through. */
  readonly refuse?: boolean;
  /** To speak TLS with: key and certificate as PEM. */
  readonly tls?: ServerOptions;
}

/** A proxy that leads every host name to this machine, and tells what it was asked. */
export function makeProxy(asked: string[], { refuse = false, tls }: ProxyOptions = {}): Server {
  const answer: RequestListener = (incoming, response) => {
    const { method = "", url = "", headers } = incoming;
    asked.push(`${method} ${url} ${headers["proxy-authorization"]}`);
    const { port, pathname, search } = new URL(url);
    const options = { host: "127.0.0.1", port, method, path: pathname + search, headers };
    const outgoing = forward(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  };
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  server.on("connect", ({ url = "", headers }, client) => {
    asked.push(`CONNECT ${url} ${headers["proxy-authorization"]}`);
    if (refuse) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  return server;
}
