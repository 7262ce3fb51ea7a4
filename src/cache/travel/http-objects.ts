import type { IncomingMessage } from "node:http";
import { connectionFailure } from "../../registry/http/error-code.js";
import { HttpError } from "../../registry/http/http-error.js";
import { parseRetryAfter, retried } from "../../registry/http/retry.js";
import { chunksOf, discard, readBody } from "../../registry/http/transport.js";
import type { HttpRequest, Transport } from "../../registry/http/transport.js";

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
      const message = `Cannot ${action}: ${connectionFailure(error)}`;
      throw new HttpError("REMOTE", message, { cause: error });
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

/** The content that an answer brings; undefined of one that says that there is none. */
export function contentOf(answer: IncomingMessage): AsyncIterable<Uint8Array> | undefined {
  if (answer.statusCode === 200) return chunksOf(answer);
  discard(answer);
  return undefined;
}

const LARGEST_ERROR = 1 << 16;

/** The code in an error document, be it XML or JSON. */
function codeIn(body: Buffer | undefined): string | undefined {
  const text = body?.toString("utf8") ?? "";
  return (
    /<Code>([\w.]{1,100})<\/Code>/.exec(text)?.[1] ?? /"code":\s*"([\w.]{1,100})"/.exec(text)?.[1]
  );
}
