import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface UploadServerOptions {
  /** The smallest piece that it wants. */
  readonly minLength?: number;
  /** After so many bytes of each request with a body, in order, the connection breaks. */
  readonly cuts?: readonly (number | undefined)[];
  /** Asked what arrived, it tells of one byte too many. */
  readonly miscounts?: boolean;
  /** Asked what arrived, it says so often first that it is busy. */
  readonly busy?: number;
}

/** A registry that keeps every byte of an upload and goes on from there (docker-registry does not). */
export interface UploadServer extends AsyncDisposable {
  readonly host: string;
  /** "PATCH 0-99", "GET", "PUT". */
  readonly lines: readonly string[];
  /** The blob, once it is whole. */
  readonly stored: Buffer | undefined;
}

/** Starts such a registry, which takes one upload. */
export async function startUploadServer(options: UploadServerOptions = {}): Promise<UploadServer> {
  const state: State = {
    busy: options.busy ?? 0,
    received: [],
    length: 0,
    place: 0,
    stored: undefined,
  };
  const lines: string[] = [];
  const cuts = [...(options.cuts ?? [])];
  const server = createServer((request, response) => {
    const { method = "", headers } = request;
    lines.push([method, headers["content-range"]].filter(Boolean).join(" "));
    void answer({ request, response, state, cuts, options });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    host: `127.0.0.1:${address.port}`,
    lines,
    get stored() {
      return state.stored;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface State {
  busy: number;
  received: Buffer[];
  length: number;
  /** Each answer names another place; only the last one is right. */
  place: number;
  stored: Buffer | undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: State;
  readonly cuts: (number | undefined)[];
  readonly options: UploadServerOptions;
}

async function answer(exchange: Exchange): Promise<void> {
  const [status, headers] = (await handle(exchange)) ?? [];
  if (status === undefined) exchange.response.destroy();
  else exchange.response.writeHead(status, { "Content-Length": 0, ...headers }).end();
}

type Answer = readonly [status: number, headers?: Readonly<Record<string, string>>];

/** Undefined breaks the connection. */
async function handle({ request, state, cuts, options }: Exchange): Promise<Answer | undefined> {
  const { method = "", url = "", headers } = request;
  if (method === "HEAD") return [state.stored === undefined ? 404 : 200];
  if (method === "POST") {
    Object.assign(state, { received: [], length: 0 });
    const { minLength } = options;
    const wish = minLength === undefined ? {} : { "OCI-Chunk-Min-Length": String(minLength) };
    return [202, { Location: `/upload/${state.place}?_state=a%2Fb`, ...wish }];
  }
  if (!url.startsWith(`/upload/${state.place}?_state=a%2Fb`)) return [404];
  if (method === "GET" && state.busy-- > 0) return [429, { "Retry-After": "7" }];
  if (method === "GET") return [204, whereabouts(state, options.miscounts === true ? 1 : 0)];
  const start = /^(\d+)-/.exec(headers["content-range"] ?? "")?.[1];
  if (method === "PATCH" && Number(start) !== state.length) return [416];
  if (!(await receive(request, state, cuts.shift()))) return undefined;
  if (method === "PATCH") return [202, whereabouts(state)];
  state.stored = Buffer.concat(state.received);
  return [201];
}

/** False when the connection is to break. */
async function receive(request: IncomingMessage, state: State, cut = Infinity): Promise<boolean> {
  let left = cut;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    const taken = chunk.subarray(0, Math.min(left, chunk.byteLength));
    state.received.push(taken);
    state.length += taken.byteLength;
    left -= taken.byteLength;
    if (left === 0) return false;
  }
  return true;
}

function whereabouts(state: State, more = 0): Readonly<Record<string, string>> {
  state.place++;
  const Location = `/upload/${state.place}?_state=a%2Fb`;
  return { Location, Range: `0-${Math.max(state.length + more - 1, 0)}` };
}
