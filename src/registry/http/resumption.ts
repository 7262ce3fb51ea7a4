import type { IncomingMessage } from "node:http";
import { pause, type Retries } from "./retry.js";
import { chunksOf } from "./transport.js";

/** After so many bytes a transfer that breaks has all its tries again. */
const ENOUGH = 1 << 20;

/** The tries of a transfer that goes on where it broke. */
export class Resumption {
  readonly #retries: Retries;
  #tries = 0;
  /** How far it had come at most. */
  #tried = 0;

  constructor(retries: Retries) {
    this.#retries = retries;
  }

  /** Waits before the try that goes on behind `done` bytes; throws `failure` where none is left, or would help. */
  async wait(failure: unknown, done: number, signal?: AbortSignal): Promise<void> {
    const { delays, clock } = this.#retries;
    if (done - this.#tried >= ENOUGH) this.#tries = 0;
    this.#tried = Math.max(this.#tried, done);
    const delay = delays[this.#tries++];
    if (delay === undefined) throw failure;
    await pause(failure, { delay, clock }, signal);
  }
}

/** What to ask for, so that `done` bytes are not sent again. */
export function rangeBehind(done: number): Readonly<Record<string, string>> {
  return done === 0 ? {} : { Range: `bytes=${done}-` };
}

/** What an answer has behind `done` bytes; one that knows no ranges, or begins elsewhere, sends some of them once more. */
export async function* bytesBehind(
  done: number,
  answer: IncomingMessage,
): AsyncGenerator<Uint8Array> {
  const start = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "")?.[1] ?? done;
  let skip = answer.statusCode === 206 ? Math.max(0, done - Number(start)) : done;
  for await (const chunk of chunksOf(answer)) {
    const rest = chunk.subarray(Math.min(skip, chunk.byteLength));
    skip -= chunk.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}
