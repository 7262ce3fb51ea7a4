import { once } from "node:events";
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";

/** What goes wrong with one request. */
export type Fault =
  /** Somebody in between answers. */
  | { readonly kind: "answer"; readonly status: number; readonly retryAfter?: string }
  /** The connection ends before the registry hears of it. */
  | { readonly kind: "drop" }
  /** The registry does what it was asked to; its answer is lost. */
  | { readonly kind: "lose" }
  /** Only so many bytes of what is sent arrive. */
  | { readonly kind: "cut"; readonly after: number }
  /** Only so many bytes of the answer arrive. */
  | { readonly kind: "truncate"; readonly after: number }
  /** One bit of the answer is another one. */
  | { readonly kind: "corrupt" }
  /** Nothing comes, ever. */
  | { readonly kind: "silence" }
  /** The answer has another header. */
  | { readonly kind: "header"; readonly name: string; readonly value: string };

/** A registry behind a bad network. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  /** What was asked: "GET /v2/app/manifests/1". */
  readonly lines: readonly string[];
}

/** Starts a proxy in front of `upstream` (host:port) that does to each request what `fault` says. */
export async function startFaultProxy(
  upstream: string,
  fault: (line: string, index: number) => Fault | undefined,
): Promise<FaultProxy> {
  const lines: string[] = [];
  const server = createServer((incoming, response) => {
    const line = `${incoming.method ?? ""} ${incoming.url ?? ""}`;
    lines.push(line);
    handle({ incoming, response, upstream }, fault(line, lines.length - 1));
  });
  server.keepAliveTimeout = 3_600_000; // it ends a connection only where that is the fault
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    host: `127.0.0.1:${address.port}`,
    lines,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: string;
}

function handle({ incoming, response, upstream }: Exchange, fault: Fault | undefined): void {
  if (fault?.kind === "silence") incoming.resume();
  else if (fault?.kind === "drop") response.destroy();
  else if (fault?.kind === "answer") {
    const { status, retryAfter } = fault;
    incoming.resume();
    response.writeHead(status, retryAfter === undefined ? {} : { "Retry-After": retryAfter });
    response.end();
  } else pass({ incoming, response, upstream }, fault);
}

function pass({ incoming, response, upstream }: Exchange, fault: Fault | undefined): void {
  const { method = "", url = "", headers } = incoming;
  const [host, port] = upstream.split(":");
  // by a connection of its own: one that waited may just be ended by the registry
  const options = { host, port, method, path: url, headers, agent: false } as const;
  const outgoing = forward(options, (answer) => {
    if (fault?.kind === "lose") {
      answer.resume();
      response.destroy();
      return;
    }
    const more = fault?.kind === "header" ? { [fault.name]: fault.value } : {};
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...more });
    let isCut = false;
    answer.on("data", (chunk: Buffer) => {
      if (fault?.kind === "truncate") {
        if (!isCut) response.write(chunk.subarray(0, fault.after), () => response.destroy());
        isCut = true;
        return;
      }
      if (fault?.kind === "corrupt") chunk[0] = (chunk[0] ?? 0) ^ 1;
      response.write(chunk);
    });
    answer.on("end", () => {
      if (!isCut) response.end();
    });
  });
  outgoing.on("error", () => response.destroy());
  let sent = 0;
  incoming.on("data", (chunk: Buffer) => {
    const rest = fault?.kind === "cut" ? fault.after - sent : Infinity;
    sent += chunk.byteLength;
    outgoing.write(chunk.subarray(0, Math.max(rest, 0)));
    if (sent < rest) return;
    response.destroy();
    outgoing.destroy();
  });
  incoming.on("end", () => outgoing.end());
}
