import { Readable, Writable } from "node:stream";
import type { Io } from "../../src/cli/io.js";

/** What a test says of the world around a command. */
export interface World {
  readonly input?: string | Uint8Array;
  readonly env?: Io["env"];
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly terminal?: Partial<Io["terminal"]>;
}

/** A world in memory: what a command wrote is text. */
export class FakeIo implements Io {
  readonly in: Readable;
  readonly out: Writable;
  readonly err: Writable;
  readonly env: Io["env"];
  readonly asked = new Map<string, string | undefined>();
  readonly cwd: string;
  readonly umask = 0o022;
  readonly signal: AbortSignal;
  readonly terminal: Io["terminal"];
  readonly #said: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };

  constructor({ input = "", env = {}, cwd = "/", signal, terminal }: World = {}) {
    this.in = Readable.from([Buffer.from(input)], { objectMode: false });
    this.out = collector(this.#said.out);
    this.err = collector(this.#said.err);
    this.env = env;
    this.cwd = cwd;
    this.signal = signal ?? new AbortController().signal;
    this.terminal = { in: false, out: false, err: false, ...terminal };
  }

  readonly size = () => ({ columns: 80, rows: 24 });

  /** All that went to standard output. */
  get text(): string {
    return this.bytes.toString("utf8");
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#said.out);
  }

  /** All that went to standard error. */
  get errors(): string {
    return Buffer.concat(this.#said.err).toString("utf8");
  }
}

function collector(chunks: Buffer[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
}
