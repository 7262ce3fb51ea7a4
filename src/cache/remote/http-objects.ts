import type { IncomingMessage } from "node:http";
import { BuildError } from "../../error.js";
import { connectionFailure } from "../../registry/http/error-code.js";
import { HttpError } from "../../registry/http/http-error.js";
import { bytesBehind, rangeBehind, Resumption } from "../../registry/http/resumption.js";
import { parseRetryAfter, retried } from "../../registry/http/retry.js";
import {
  discard,
  readBody,
  type HttpRequest,
  type Transport,
} from "../../registry/http/transport.js";

/** How the servers of object stores are spoken with. */
export interface HttpObjectsOptions {
  readonly transport: Transport;
  /** Waits before each further try, in milliseconds. */
  readonly retryDelays: readonly number[];
}

/** One exchange with a server. */
export interface Exchange {
  /** Made for each try: a signature has a time. */
  readonly request: () => HttpRequest;
  /** The statuses that are answers; any other one is a failure. */
  readonly ok: readonly number[];
  /** What is done, for messages: "read from bucket ci-cache". */
  readonly action: string;
}

/** Sends a request, again where that may help, and waits for the head of the answer. */
export function exchange(
  { request, ok, action }: Exchange,
  { transport, retryDelays }: HttpObjectsOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const attempt = async (): Promise<IncomingMessage> => {
    const response = await transport.send(request(), signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw broken(action, error);
    });
    const { statusCode: status = 0, headers } = response;
    if (ok.includes(status)) return response;
    const said = await readBody(response, LARGEST_ERROR).then(codeIn, () => undefined);
    const detail = said === undefined ? "" : ` (${said})`;
    throw new HttpError("REMOTE", `Cannot ${action}: the server answered ${status}${detail}`, {
      status,
      retryAfter: parseRetryAfter(headers["retry-after"], Date.now()),
    });
  };
  return retried(attempt, { delays: retryDelays }, signal);
}

/** How an object is read, in one exchange or several. */
export interface Reading extends Pick<Exchange, "action"> {
  /** With the headers that say what of it is wanted. */
  readonly request: (headers: Readonly<Record<string, string>>) => HttpRequest;
}

/**
 * The content of an object; undefined where there is none. When a connection breaks, the rest is asked for,
 * of the object as it was.
 */
export async function read(
  { request, action }: Reading,
  options: HttpObjectsOptions,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const ask = (headers: Readonly<Record<string, string>>, ok: readonly number[]) =>
    exchange({ request: () => request(headers), ok, action }, options, signal);
  const first = await ask({}, [200, 404]);
  if (first.statusCode === 200) return whole();
  discard(first);
  return undefined;

  async function* whole(): AsyncGenerator<Uint8Array> {
    const { etag } = first.headers;
    const same = etag === undefined ? {} : { "If-Match": etag };
    const resumption = new Resumption({ delays: options.retryDelays });
    for (let answer = first, done = 0; ;) {
      try {
        for await (const chunk of bytesBehind(done, answer)) {
          done += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        signal.throwIfAborted();
        await resumption.wait(broken(action, error), done, signal);
        answer = await ask({ ...rangeBehind(done), ...same }, [200, 206]);
        if (answer.headers.etag !== etag) throw changed(action); // not every server knows If-Match
      }
    }
  }
}

/** What a broken exchange means; a BuildError, such as one of what is sent, is one already. */
function broken(action: string, cause: unknown): BuildError {
  if (cause instanceof BuildError) return cause;
  return new HttpError("REMOTE", `Cannot ${action}: ${connectionFailure(cause)}`, { cause });
}

function changed(action: string): HttpError {
  return new HttpError("REMOTE", `Cannot ${action}: what is read was replaced meanwhile`);
}

const LARGEST_ERROR = 1 << 16;

/** The code in an error document, be it XML or JSON. */
function codeIn(body: Buffer | undefined): string | undefined {
  const text = body?.toString("utf8") ?? "";
  return (
    /<Code>([\w.]{1,100})<\/Code>/.exec(text)?.[1] ?? /"code":\s*"([\w.]{1,100})"/.exec(text)?.[1]
  );
}
