import { createHash } from "node:crypto";
import koffi from "koffi";

/** So many bytes are hashed sooner than another thread is asked to. */
const LITTLE = 1 << 16;
const SHA256_SIZE = 32;

/**
 * SHA-256 of bytes that come in pieces, of which the large ones are hashed off the main thread: node can do that
 * with all at once only, and a thread of our own starts slower than most of what there is to hash is hashed.
 */
export interface RunningSha256 extends Disposable {
  /** Hashes the next bytes, which stay as they are until it is done; to be waited for before anything else. */
  update(bytes: Uint8Array): Promise<void>;
  /** Of all, in hex; once. */
  digest(): string;
}

/** Starts with nothing. */
export function runningSha256(): RunningSha256 {
  openssl ??= loadOpenssl();
  return openssl === "hidden" ? new OwnSha256() : new SharedSha256(openssl);
}

class SharedSha256 implements RunningSha256 {
  readonly #openssl: Openssl;
  readonly #context: unknown;

  constructor(openssl: Openssl) {
    this.#openssl = openssl;
    this.#context = openssl.newContext();
    demand(openssl.init(this.#context, openssl.sha256(), null));
  }

  async update(bytes: Uint8Array): Promise<void> {
    const { update } = this.#openssl;
    if (bytes.byteLength < LITTLE) demand(update(this.#context, bytes, bytes.byteLength));
    else await this.#updateLater(bytes);
  }

  #updateLater(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const { update } = this.#openssl;
      update.async(this.#context, bytes, bytes.byteLength, (error: unknown, done: unknown) => {
        if (error === null && done === 1) resolve();
        else reject(failed(error));
      });
    });
  }

  digest(): string {
    const digest = Buffer.alloc(SHA256_SIZE);
    demand(this.#openssl.final(this.#context, digest, null));
    return digest.toString("hex");
  }

  [Symbol.dispose](): void {
    this.#openssl.free(this.#context);
  }
}

/** The same on the main thread: for a node that does not show its OpenSSL. */
export class OwnSha256 implements RunningSha256 {
  readonly #hash = createHash("sha256");

  update(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    return Promise.resolve();
  }

  digest(): string {
    return this.#hash.digest("hex");
  }

  [Symbol.dispose](): void {
    // nothing is held
  }
}

type Openssl = ReturnType<typeof bindOpenssl>;

let openssl: Openssl | "hidden" | undefined;

/** That of node itself, which shows its functions to add-ons. */
function bindOpenssl() {
  const node = koffi.load(null);
  return {
    newContext: node.func("void* EVP_MD_CTX_new()"),
    sha256: node.func("void* EVP_sha256()"),
    init: node.func("int EVP_DigestInit_ex(void*, void*, void*)"),
    update: node.func("int EVP_DigestUpdate(void*, void*, size_t)"),
    final: node.func("int EVP_DigestFinal_ex(void*, void*, void*)"),
    free: node.func("void EVP_MD_CTX_free(void*)"),
  };
}

function loadOpenssl(): Openssl | "hidden" {
  try {
    return bindOpenssl();
  } catch {
    return "hidden";
  }
}

function demand(done: unknown): void {
  if (done !== 1) throw failed(undefined);
}

function failed(cause: unknown): Error {
  return new Error("OpenSSL did not hash", { cause });
}
