import type { Descriptor } from "../oci/descriptor.js";
import type { ApiResponse } from "./connection.js";
import { webUrl } from "./http/web-url.js";
import { RegistryError } from "./registry-error.js";
import type { Repository } from "./repository.js";
import { discard } from "./http/transport.js";

/** How to bring a blob to a registry. */
export interface PushOptions {
  /** The bytes, once for each try. */
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes were sent so far; less than before when a try starts again. */
  readonly onProgress?: ((sent: number) => void) | undefined;
  /** A repository of the same registry that may have the blob already. */
  readonly mountFrom?: string | undefined;
}

/** Tells whether the registry has a blob. */
export async function hasBlob(
  repository: Repository,
  { digest }: Descriptor,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `blobs/${digest}`;
  const { status, response } = await repository.send(
    { method: "HEAD", path, ok: [200, 404] },
    signal,
  );
  discard(response);
  return status === 200;
}

/** Brings a blob in one piece, or has the registry take it from another repository of its own. */
export async function uploadBlob(
  repository: Repository,
  blob: Descriptor,
  options: PushOptions,
): Promise<"mounted" | "uploaded"> {
  const { mountFrom, signal } = options;
  const query = mountFrom === undefined ? "" : `?${mountQuery(blob, mountFrom)}`;
  const started = await repository.send(
    { method: "POST", path: `blobs/uploads/${query}`, ok: [201, 202], source: mountFrom },
    signal,
  );
  discard(started.response);
  if (started.status === 201) return "mounted";
  await send(repository, { path: uploadUrl(repository, started, blob), blob }, options);
  return "uploaded";
}

interface Target {
  readonly path: URL;
  readonly blob: Descriptor;
}

async function send(
  repository: Repository,
  { path, blob }: Target,
  { open, onProgress, signal }: PushOptions,
): Promise<void> {
  const source = new WatchedSource(onProgress);
  const body = { size: blob.size, open: () => source.watch(open()) };
  const headers = { "Content-Type": "application/octet-stream" };
  try {
    const call = { method: "PUT", path, headers, body, ok: [201] } as const;
    discard((await repository.send(call, signal)).response);
  } catch (error) {
    throw source.failure ?? error;
  }
}

function mountQuery({ digest }: Descriptor, from: string): string {
  return new URLSearchParams({ mount: digest, from }).toString();
}

function uploadUrl({ action }: Repository, { response, url }: ApiResponse, blob: Descriptor): URL {
  const { location } = response.headers;
  const upload = location === undefined ? undefined : webUrl(location, url);
  if (upload === undefined) {
    const message = `Cannot push "${action.name}": the registry named no place for the upload`;
    throw new RegistryError("REGISTRY", message);
  }
  upload.searchParams.set("digest", blob.digest);
  return upload;
}

/** Counts what is read, and keeps the source's own failure apart from the connection's. */
class WatchedSource {
  failure: Error | undefined;
  readonly #onProgress: PushOptions["onProgress"];

  constructor(onProgress: PushOptions["onProgress"]) {
    this.#onProgress = onProgress;
  }

  async *watch(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let sent = 0;
    try {
      for await (const chunk of bytes) {
        yield chunk;
        sent += chunk.byteLength;
        this.#onProgress?.(sent);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
