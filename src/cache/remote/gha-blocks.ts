import type { Promised } from "../../oci/verified.js";
import { WatchedSource } from "../../registry/watched-source.js";
import type { HttpRequest } from "../../registry/http/transport.js";
import { withQuery } from "../../registry/http/web-url.js";
import type { WriteOptions } from "./place.js";
import { PART } from "./s3-parts.js";

/** What one request to the storage is made of. */
export type StorageCall = Pick<HttpRequest, "body" | "headers" | "url">;

/** Sends a PUT, again where that may help. */
type Send = (call: StorageCall, signal: AbortSignal) => Promise<void>;

/**
 * Writes what is larger than a part in blocks, of which one is in memory, and sent again where a connection
 * breaks (Azure Blob Storage, "Put Block" and "Put Block List"). Blocks that no list names go away by themselves.
 */
export async function writeInBlocks(
  { url, content, send }: { readonly url: URL; readonly content: Promised; readonly send: Send },
  { open, onProgress, signal }: WriteOptions,
): Promise<void> {
  const source = new WatchedSource(content, { open, onProgress });
  const ids: string[] = [];
  let sent = 0;
  try {
    for await (const body of source.pieces(0, PART)) {
      const blockid = Buffer.from(String(ids.length).padStart(6, "0")).toString("base64");
      ids.push(blockid);
      await send({ url: withQuery(url, { comp: "block", blockid }), body }, signal);
      source.tell((sent += body.byteLength));
    }
  } catch (error) {
    throw source.failure ?? error;
  }
  const list = ids.map((id) => `<Latest>${id}</Latest>`).join("");
  const body = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`);
  const headers = { "x-ms-blob-content-type": "application/octet-stream" };
  await send({ url: withQuery(url, { comp: "blocklist" }), headers, body }, signal);
}
