import { createHash, hash } from "node:crypto";
import koffi from "koffi";
import { SHA256_SIZE } from "../sha256.js";

/** So many bytes are hashed sooner than another thread is asked to. */
const LITTLE = 1 << 16;
/** Bytes that SHA-256 takes at once. */
const BLOCK = 64;

/** Where SHA-256 is after whole blocks: with it, what comes behind them can be hashed without them. */
export interface Sha256State {
  /** Bytes before it. */
  readonly size: number;
  /** The intermediate hash value of FIPS 180-4, section 6.2. */
  readonly words: Uint32Array;
}

/**
 * SHA-256 of bytes that come in pieces, of which the large ones are hashed off the main thread: node can do that
 * with all at once only, and a thread of our own starts slower than most of what there is to hash is hashed.
 */
export interface RunningSha256 {
  /** Hashes the next bytes, which stay as they are until it is done; to be waited for before anything else. */
  update(bytes: Uint8Array): Promise<void>;
  /** Where it is; undefined within a block, and where a node does not tell. */
  state(): Sha256State | undefined;
  /** Of all, in hex; once. */
  digest(): string;
}

/** Starts with nothing. */
export function runningSha256(): RunningSha256 {
  openssl ??= loadOpenssl();
  return openssl === "hidden" ? new OwnSha256() : new SharedSha256(openssl);
}

/** Goes on from where another one was; undefined where a node cannot. */
export function resumedSha256(state: Sha256State): RunningSha256 | undefined {
  openssl ??= loadOpenssl();
  return openssl === "hidden" ? undefined : new SharedSha256(openssl, state);
}

/** SHA256_CTX (openssl/sha.h), in numbers of 32 bits: 8 are the state, 2 the bits before it, 18 what is begun; `size` is in bytes, with room for more. */
const CONTEXT = { state: 8, size: 256 } as const;

class SharedSha256 implements RunningSha256 {
  readonly #openssl: Openssl;
  /** Not in V8's heap, where small ones are moved. */
  readonly #context = new Uint32Array(new ArrayBuffer(CONTEXT.size));
  #size = 0;

  constructor(openssl: Openssl, from?: Sha256State) {
    this.#openssl = openssl;
    demand(openssl.init(this.#context));
    if (from === undefined) return;
    this.#size = from.size;
    const bits = [(from.size * 8) >>> 0, Math.floor(from.size / 2 ** 29)];
    this.#context.set([...from.words, ...bits]);
  }

  async update(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength < LITTLE) this.updateNow(bytes);
    else await this.#updateLater(bytes);
  }

  /** The same on this thread. */
  updateNow(bytes: Uint8Array): void {
    demand(this.#openssl.update(this.#context, bytes, bytes.byteLength));
    this.#size += bytes.byteLength;
  }

  #updateLater(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.byteLength;
    return new Promise((resolve, reject) => {
      const { update } = this.#openssl;
      update.async(this.#context, bytes, bytes.byteLength, (error: unknown, done: unknown) => {
        if (error === null && done === 1) resolve();
        else reject(failed(error));
      });
    });
  }

  state(): Sha256State | undefined {
    if (this.#size % BLOCK !== 0) return undefined;
    return { size: this.#size, words: this.#context.slice(0, CONTEXT.state) };
  }

  digest(): string {
    const digest = Buffer.alloc(SHA256_SIZE);
    demand(this.#openssl.final(digest, this.#context));
    return digest.toString("hex");
  }
}

/** The same on the main thread: for a node that does not show its OpenSSL. */
export class OwnSha256 implements RunningSha256 {
  readonly #hash = createHash("sha256");

  update(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    return Promise.resolve();
  }

  state(): Sha256State | undefined {
    return undefined; // node's does not tell
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

type Openssl = ReturnType<typeof bindOpenssl>;

let openssl: Openssl | "hidden" | undefined;

/** That of node itself, which shows its functions to add-ons; these are the ones that keep their state where we can see it. */
function bindOpenssl() {
  const node = koffi.load(null);
  return {
    init: node.func("int SHA256_Init(void*)"),
    update: node.func("int SHA256_Update(void*, void*, size_t)"),
    final: node.func("int SHA256_Final(void*, void*)"),
  };
}

function loadOpenssl(): Openssl | "hidden" {
  try {
    const found = bindOpenssl();
    return isAsDescribed(found) ? found : "hidden";
  } catch {
    return "hidden";
  }
}

/** Whether the context is what we take it for: with another one, digests would be wrong. */
function isAsDescribed(found: Openssl): boolean {
  const block = Buffer.alloc(BLOCK, "x");
  const first = new SharedSha256(found);
  first.updateNow(block);
  const second = new SharedSha256(found, first.state());
  second.updateNow(block);
  return second.digest() === hash("sha256", Buffer.concat([block, block]), "hex");
}

function demand(done: unknown): void {
  if (done !== 1) throw failed(undefined);
}

function failed(cause: unknown): Error {
  return new Error("OpenSSL did not hash", { cause });
}
