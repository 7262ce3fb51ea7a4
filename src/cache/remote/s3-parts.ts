import type { Promised } from "../../oci/verified.js";
import { HttpError } from "../../registry/http/http-error.js";
import type { HttpRequest, Upload } from "../../registry/http/transport.js";
import { WatchedSource } from "../../registry/watched-source.js";
import type { WriteOptions } from "./place.js";

/** What one request to a bucket is made of. */
export interface S3Call {
  readonly method: HttpRequest["method"];
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | (Upload & Promised);
}

/** An object that is larger than a part. */
export interface LargeObject {
  readonly key: string;
  readonly content: Promised;
  /** Of the bucket, for messages. */
  readonly title: string;
  /** Sends a call, and answers what came back. */
  readonly send: (
    call: S3Call,
    signal: AbortSignal,
  ) => Promise<{ readonly etag: string | undefined; readonly text: string }>;
}

/** What is larger goes in several parts, one of which is in memory at a time: one PUT takes 5 GB at most. */
export const PART = 1 << 24;

/** S3 takes no more; all but the last must have at least 5 MiB. */
const MOST_PARTS = 10_000;

/** How long the server may take to hear that an upload is over, in milliseconds. */
const ABORT_TIMEOUT = 3000;

/** Writes an object by a multipart upload, of which nothing is left where it fails. */
export async function writeInParts(
  object: LargeObject,
  { open, onProgress, signal }: WriteOptions,
): Promise<void> {
  const { key, content, send } = object;
  const started = await send({ method: "POST", key, query: { uploads: "" } }, signal);
  const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(started.text)?.[1];
  if (uploadId === undefined) throw refused(object, "it named no upload");
  const source = new WatchedSource(content, { open, onProgress });
  try {
    const parts: string[] = [];
    let sent = 0;
    for await (const body of source.pieces(0, partSize(content))) {
      const partNumber = String(parts.length + 1);
      const call = { method: "PUT", key, query: { partNumber, uploadId }, body } as const;
      const { etag } = await send(call, signal);
      if (etag === undefined) throw refused(object, "it named no tag of a part");
      parts.push(`<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag></Part>`);
      source.tell((sent += body.byteLength));
    }
    const list = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const call = { method: "POST", key, query: { uploadId }, body: Buffer.from(list) } as const;
    const { text } = await send(call, signal);
    // What fails after the head of the answer was sent is told in its body.
    const code = /<Error>.*<Code>([\w.]+)<\/Code>/s.exec(text)?.[1];
    if (code !== undefined) throw refused(object, `the server answered ${code}`);
  } catch (error) {
    const call = { method: "DELETE", key, query: { uploadId } } as const;
    await send(call, AbortSignal.timeout(ABORT_TIMEOUT)).catch(() => undefined); // rules of the bucket remove it
    throw source.failure ?? error;
  }
}

function partSize({ size }: Promised): number {
  return Math.max(PART, Math.ceil(size / MOST_PARTS));
}

function refused({ title }: LargeObject, why: string): HttpError {
  return new HttpError("REMOTE", `Cannot write to ${title}: ${why}`);
}
