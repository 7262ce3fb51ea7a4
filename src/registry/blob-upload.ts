import type { Descriptor } from "../oci/descriptor.js";
import { Resumption } from "./http/resumption.js";
import { isTransient, type Retries } from "./http/retry.js";
import { discard } from "./http/transport.js";
import { RegistryError } from "./registry-error.js";
import type { Repository } from "./repository.js";
import { UploadSession } from "./upload-session.js";
import { WatchedSource, type BlobBytes } from "./watched-source.js";

/** How to bring a blob to a registry. */
export interface PushOptions extends BlobBytes {
  readonly signal?: AbortSignal | undefined;
  /** A repository of the same registry that may have the blob already. */
  readonly mountFrom?: string | undefined;
}

/** Tells whether the registry has a blob; one that answers no such question counts as having none. */
export async function hasBlob(
  repository: Repository,
  { digest }: Descriptor,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = `blobs/${digest}`;
  const { status, response } = await repository.send(
    { method: "HEAD", path, ok: [200, 404, 405] },
    signal,
  );
  discard(response);
  return status === 200;
}

/**
 * Brings a blob to a registry, or has it take it from another repository of its own. What breaks goes
 * on where it stopped, where the registry can do that; what fails for good is cancelled there.
 */
export async function uploadBlob(
  repository: Repository,
  blob: Descriptor,
  { retries, ...options }: PushOptions & { readonly retries: Retries },
): Promise<"mounted" | "uploaded"> {
  const { signal } = options;
  const resumption = new Resumption(retries);
  let session: UploadSession | undefined;
  const attempt = async (): Promise<"mounted" | "uploaded"> => {
    if (session !== undefined) {
      if (await goOn(session, blob, options)) return "uploaded";
      session = undefined;
      if (await hasBlob(repository, blob, signal)) return "uploaded"; // only the answer was lost
    }
    session = await start(repository, blob, options);
    if (session === undefined) return "mounted";
    await send(session, blob, options);
    return "uploaded";
  };
  try {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        await resumption.wait(error, session?.sent ?? 0, signal);
      }
    }
  } catch (error) {
    await session?.cancel();
    throw error;
  }
}

async function send(session: UploadSession, blob: Descriptor, options: PushOptions): Promise<void> {
  const source = new WatchedSource(blob, options);
  try {
    await session.send(source, options.signal);
  } catch (error) {
    throw source.failure ?? error;
  }
}

/** Statuses of a registry that has lost the thread: the upload, its place in it, its content. */
const lost: readonly unknown[] = [400, 404, 416];

/** Goes on with an upload that broke; false when it must start again. */
async function goOn(
  session: UploadSession,
  blob: Descriptor,
  options: PushOptions,
): Promise<boolean> {
  if (!(await session.resume(options.signal))) return false;
  try {
    await send(session, blob, options);
    return true;
  } catch (error) {
    // A registry that still swallows the broken request counts otherwise now than a moment ago.
    if (error instanceof RegistryError && lost.includes(error.status)) return false;
    throw error;
  }
}

/** A new upload; undefined when the registry mounted the blob instead. */
async function start(
  repository: Repository,
  blob: Descriptor,
  { mountFrom, signal }: PushOptions,
): Promise<UploadSession | undefined> {
  if (mountFrom === undefined) return UploadSession.start(repository, blob, { signal });
  try {
    return await UploadSession.start(repository, blob, { mountFrom, signal });
  } catch (error) {
    const isAnswer = error instanceof RegistryError && error.status !== undefined;
    if (!isAnswer || isTransient(error)) throw error;
    // The other repository may be closed to us, or mounting unknown; an upload need not be.
    return UploadSession.start(repository, blob, { signal });
  }
}
