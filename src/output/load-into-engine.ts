import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BuildError } from "../error.js";

/** Where Docker's API is served; Podman serves the same. */
export interface EngineAddress {
  /** As the user writes it: "unix:///run/docker.sock". */
  readonly name: string;
  readonly at: Pick<RequestOptions, "host" | "port" | "socketPath">;
}

/** Tells whether an engine answers there. */
export async function engineAnswers({ at }: EngineAddress, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await exchange({ ...at, method: "GET", path: "/_ping", signal }, []);
    response.resume();
    return response.statusCode === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Has the engine load an archive as `docker load` does. */
export async function loadIntoEngine(
  { name, at }: EngineAddress,
  archive: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const headers = { "Content-Type": "application/x-tar" };
  const options = { ...at, method: "POST", path: "/images/load?quiet=1", headers, signal };
  const response = await exchange(options, archive).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (cause instanceof BuildError) throw cause; // of the archive
    throw failure(name, cause instanceof Error ? cause.message : String(cause), cause);
  });
  const answer = await text(response);
  if (response.statusCode !== 200) throw failure(name, reasonOf(answer));
  const refused = answer
    .split("\n")
    .map(errorOf)
    .find((error) => error !== undefined);
  if (refused !== undefined) throw failure(name, refused);
}

function failure(name: string, why: string, cause?: unknown): BuildError {
  return new BuildError("OUTPUT", `Cannot load the image into "${name}": ${why}`, { cause });
}

/** Sends a body and waits for the head of the answer, which may come before the body has gone. */
async function exchange(
  options: RequestOptions,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<IncomingMessage> {
  const sent = request(options);
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject);
  });
  answer.catch(() => undefined); // thrown below, unless the body failed first
  try {
    await Promise.race([answer, pipeline(Readable.from(body), sent)]);
  } catch (error) {
    if (error instanceof BuildError) throw error;
    // what the engine answers says more than a broken pipe
  }
  return await answer;
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** `{"message": …}`, or whatever the engine said. */
function reasonOf(answer: string): string {
  return field(answer, "message") ?? answer.trim();
}

/** One line of the progress: `{"error": …}` where loading failed. */
function errorOf(line: string): string | undefined {
  return field(line, "error");
}

function field(json: string, name: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const found: unknown =
      typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
    return typeof found === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}
