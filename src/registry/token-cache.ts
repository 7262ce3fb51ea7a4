import type { Clock } from "./http/clock.js";
import type { Transport } from "./http/transport.js";
import { fetchToken, type Token, type TokenRequest } from "./token.js";

interface Cached {
  readonly fetching: Promise<Token>;
  /** Once it is here. */
  token?: string;
  /** In milliseconds since the epoch. */
  expires: number;
}

/** Access tokens by what they were asked for, until shortly before they end. */
export class TokenCache {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Cached>();

  constructor(transport: Transport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  /** A token for these scopes; who asks for one that is being fetched waits for that. */
  async get(request: TokenRequest, signal?: AbortSignal): Promise<Token> {
    const { registry, realm, service, scopes } = request;
    const key = JSON.stringify([registry, realm, service, scopes]);
    const known = this.#tokens.get(key);
    if (known !== undefined && this.#clock.now() < known.expires) {
      const token = await known.fetching.catch(() => undefined); // for reasons of whoever asked
      if (token !== undefined) return token;
    }
    if (this.#tokens.get(key) !== known) return this.get(request, signal);
    const cached: Cached = {
      fetching: fetchToken(this.#transport, request, signal),
      expires: Infinity,
    };
    this.#tokens.set(key, cached);
    try {
      const token = await cached.fetching;
      // The last tenth is for the clock and for requests under way.
      cached.expires = this.#clock.now() + token.lifetime * 900;
      cached.token = token.token;
      return token;
    } catch (error) {
      this.#tokens.delete(key);
      throw error;
    }
  }

  /** Drops the token of a refused Authorization header. */
  forget(header: string): void {
    for (const [key, { token }] of this.#tokens) {
      if (token !== undefined && header === `Bearer ${token}`) this.#tokens.delete(key);
    }
  }
}
