import { basic } from "./basic.js";
import type { Credentials } from "./docker-config.js";
import { parseChallenge, type BearerChallenge, type Challenge } from "./challenge.js";
import type { CredentialSource } from "./credentials.js";
import type { Token } from "./token.js";
import { TokenCache } from "./token-cache.js";
import type { Transport } from "./http/transport.js";

/** What an Authorizer works with. */
export interface AuthorizerOptions {
  readonly credentials: CredentialSource;
  readonly transport: Transport;
}

/** Proves to registries who we are, in whatever way each of them asks for. */
export class Authorizer {
  readonly #credentials: CredentialSource;
  readonly #tokens: TokenCache;
  readonly #challenges = new Map<string, Challenge>();
  readonly #known = new Map<string, Promise<Credentials | undefined>>();

  constructor({ credentials, transport }: AuthorizerOptions) {
    this.#credentials = credentials;
    this.#tokens = new TokenCache(transport);
  }

  /** The Authorization header for a purpose, once the registry has told what it wants for it. */
  async header(purpose: Purpose, signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenges.get(keyOf(purpose));
    if (challenge === undefined) return undefined;
    const credentials = await this.#lookUp(purpose.registry, signal);
    if (credentials?.kind === "bearer") return `Bearer ${credentials.token}`;
    if (challenge.scheme === "bearer") {
      return `Bearer ${(await this.#token(purpose, challenge, signal)).token}`;
    }
    return credentials?.kind === "password" ? basic(credentials) : undefined;
  }

  /** What a registry gave at a login to be kept instead of the password. */
  async identityToken(registry: string, signal?: AbortSignal): Promise<string | undefined> {
    const purpose = { registry, scopes: [] };
    const challenge = this.#challenges.get(keyOf(purpose));
    if (challenge?.scheme !== "bearer") return undefined;
    return (await this.#token(purpose, challenge, signal)).identityToken;
  }

  async #token(
    { registry, scopes }: Purpose,
    challenge: BearerChallenge,
    signal?: AbortSignal,
  ): Promise<Token> {
    const credentials = await this.#lookUp(registry, signal);
    const all = [...new Set([...scopes, ...challenge.scopes])].sort();
    return this.#tokens.get({ ...challenge, registry, scopes: all, credentials }, signal);
  }

  /** Learns from a refusal; true when another try with `header` has a chance. */
  async learn(
    purpose: Purpose,
    { challenge, used }: Refusal,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const wanted = parseChallenge(challenge);
    if (wanted === undefined) return false;
    this.#challenges.set(keyOf(purpose), wanted);
    if (used !== undefined) return this.#tokens.forget(used);
    return (
      wanted.scheme === "bearer" || (await this.#lookUp(purpose.registry, signal)) !== undefined
    );
  }

  #lookUp(registry: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const known = this.#known.get(registry);
    if (known !== undefined) return known;
    const found = this.#credentials(registry, signal);
    this.#known.set(registry, found);
    found.catch(() => this.#known.delete(registry));
    return found;
  }
}

/** What a request must be allowed to do. */
export interface Purpose {
  readonly registry: string;
  /** Such as "repository:org/app:pull". */
  readonly scopes: readonly string[];
}

function keyOf({ registry, scopes }: Purpose): string {
  return [registry, ...scopes].join(" ");
}

/** A 401 answer. */
export interface Refusal {
  /** Its WWW-Authenticate header. */
  readonly challenge: string | undefined;
  /** The Authorization header that was not enough. */
  readonly used: string | undefined;
}
