import { fetchToken, type Token, type TokenRequest } from "./token.js";
import type { Transport } from "./http/transport.js";

interface Cached extends Token {
  /** In milliseconds since the epoch. */
  readonly expires: number;
}

/** Access tokens by what they were asked for, until shortly before they end. */
export class TokenCache {
  readonly #transport: Transport;
  readonly #tokens = new Map<string, Promise<Cached>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A token for these scopes. */
  async get(request: TokenRequest, signal?: AbortSignal): Promise<Token> {
    const { realm, service, scopes } = request;
    const key = JSON.stringify([realm, service, scopes]);
    const cached = await this.#tokens.get(key)?.catch(() => undefined);
    if (cached !== undefined && Date.now() < cached.expires) return cached;
    const fetched = this.#fetch(request, signal);
    this.#tokens.set(key, fetched);
    fetched.catch(() => this.#tokens.delete(key));
    return await fetched;
  }

  async #fetch(request: TokenRequest, signal?: AbortSignal): Promise<Cached> {
    const token = await fetchToken(this.#transport, request, signal);
    // The last tenth is for the clock and for requests under way.
    return { ...token, expires: Date.now() + token.lifetime * 900 };
  }

  /** Drops the token of a refused Authorization header; false when it is none of ours. */
  async forget(header: string): Promise<boolean> {
    let found = false;
    for (const [key, cached] of this.#tokens) {
      if (header !== `Bearer ${(await cached.catch(() => undefined))?.token ?? ""}`) continue;
      this.#tokens.delete(key);
      found = true;
    }
    return found;
  }
}
