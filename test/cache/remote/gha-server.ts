import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands in for the cache service of GitHub Actions (its twirp API, version 2) and the storage behind it. */
export interface GhaServer extends AsyncDisposable {
  readonly url: URL;
  readonly token: string;
}

interface Entry {
  readonly key: string;
  readonly version: string;
  readonly order: number;
  /** By id; no part of the content until a list names them. */
  readonly blocks: Map<string, Buffer>;
  bytes?: Buffer | undefined;
  isFinal?: boolean;
}

interface Put {
  readonly query: URLSearchParams;
  readonly type: unknown;
  readonly body: Buffer;
}

/** What Azure's storage makes of a PUT: a block, a list of blocks, or a whole blob; false for anything else. */
function put(entry: Entry, { query, type, body }: Put): boolean {
  const [comp, id] = [query.get("comp"), query.get("blockid")];
  if (comp === "block" && id !== null) {
    entry.blocks.set(id, body);
    return true;
  }
  if (comp === "blocklist") {
    const ids = [...body.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(
      ([, own = ""]) => own,
    );
    const blocks = ids.flatMap((own) => entry.blocks.get(own) ?? []);
    if (blocks.length === ids.length) entry.bytes = Buffer.concat(blocks);
    return blocks.length === ids.length;
  }
  if (comp === null && type === "BlockBlob") entry.bytes = body;
  return comp === null && type === "BlockBlob";
}

/** Starts an empty one. Entries are immutable, and found by their key or, the newest first, its beginning. */
export async function startGha(): Promise<GhaServer> {
  const token = "the-token-of-the-job";
  const entries: Entry[] = [];
  const rpc = (
    method: string,
    message: Readonly<Record<string, unknown>>,
    host: string,
  ): object => {
    const { key, version } = message as { key: string; version: string };
    const own = entries.filter((entry) => entry.version === version);
    const exact = own.find((entry) => entry.key === key);
    switch (method) {
      case "CreateCacheEntry":
        if (exact !== undefined) return { status: 409, code: "already_exists" };
        entries.push({ key, version, order: entries.length, blocks: new Map() });
        return { ok: true, signed_upload_url: `http://${host}/blobs/${entries.length - 1}?sig=1` };
      case "FinalizeCacheEntryUpload":
        if (exact?.bytes?.byteLength !== Number(message["size_bytes"])) return { ok: false };
        exact.isFinal = true;
        return { ok: true, entry_id: String(exact.order) };
      case "GetCacheEntryDownloadURL": {
        const begins = own.filter((entry) => entry.key.startsWith(key) && entry.isFinal === true);
        const found = begins.find((entry) => entry.key === key) ?? begins.at(-1);
        if (found === undefined) return { ok: false };
        const url = `http://${host}/blobs/${found.order}?sig=1`;
        return { ok: true, signed_download_url: url, matched_key: found.key };
      }
      default:
        return { status: 404, code: "bad_route" };
    }
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://server");
    const blob = /^\/blobs\/(\d+)$/.exec(pathname)?.[1];
    if (blob !== undefined) {
      const entry = entries[Number(blob)];
      const isSigned = searchParams.get("sig") === "1";
      if (request.headers.authorization !== undefined || entry === undefined || !isSigned) {
        response.writeHead(403).end(); // a token has no business here
      } else if (request.method === "PUT") {
        const type = request.headers["x-ms-blob-type"];
        response.writeHead(put(entry, { query: searchParams, type, body }) ? 201 : 400).end();
      } else {
        response.writeHead(200).end(entry.bytes);
      }
      return;
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end('{"code":"unauthenticated"}');
      return;
    }
    const method = /CacheService\/(\w+)$/.exec(pathname)?.[1] ?? "";
    const message = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
    const { status = 200, ...said } = rpc(method, message, String(request.headers.host)) as {
      readonly status?: number;
    };
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(said));
  };
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/`),
    token,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
