import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server } from "node:net";
import { collect } from "../oci/bytes.js";

/** What a client sent. */
export interface Received {
  /** "GET /v2/app/manifests/1". */
  readonly line: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: Buffer;
}

/** A loopback server that answers as a test wants, and remembers what it was asked. */
export interface RogueServer extends AsyncDisposable {
  readonly host: string;
  readonly received: readonly Received[];
  /** What was asked, without bodies and headers. */
  lines(): readonly string[];
  /** Stops listening, and waits until every connection has ended by itself. */
  drained(): Promise<void>;
}

export type Answer = (request: Received, response: ServerResponse) => void;

/** Starts a server that gives each request to `answer`: whole, or as soon as its head is there. */
export async function startRogue(
  answer: Answer,
  read: "whole" | "head" = "whole",
): Promise<RogueServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void receive(request, read).then((seen) => {
      received.push(seen);
      answer(seen, response);
    });
  });
  server.keepAliveTimeout = 3_600_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    host: `127.0.0.1:${address.port}`,
    received,
    lines: () => received.map(({ line }) => line),
    async drained() {
      const closed = once(server, "close");
      // The HTTP server's own close would end idle connections; only the client may.
      Server.prototype.close.call(server);
      await closed;
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function receive(request: IncomingMessage, read: "whole" | "head"): Promise<Received> {
  const { authorization, range } = request.headers;
  const line = `${request.method ?? ""} ${request.url ?? ""}`;
  if (read === "head") return { line, authorization, range, body: Buffer.alloc(0) };
  return { line, authorization, range, body: await collect(request) };
}

/** Answers with a status, headers and a body. */
export function reply(
  response: ServerResponse,
  status: number,
  { headers = {}, body = "" }: { headers?: Record<string, string>; body?: string | Buffer } = {},
): void {
  response.writeHead(status, { "Content-Length": Buffer.byteLength(body), ...headers });
  response.end(body);
}
