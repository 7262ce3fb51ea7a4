import { basic } from "./basic.js";
import type { Credentials } from "./docker-config.js";
import { parseChallenge, type BearerChallenge, type Challenge } from "./challenge.js";
import type { CredentialSource } from "./credentials.js";
import { mergeScopes } from "./scopes.js";
import type { Token } from "./token.js";
import { TokenCache } from "./token-cache.js";
import type { Clock } from "./http/clock.js";
import type { Transport } from "./http/transport.js";

/** What an Authorizer works with. */
export interface AuthorizerOptions {
  readonly credentials: CredentialSource;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** Proves to registries who we are, in whatever way each of them asks for. */
export class Authorizer {
  readonly #credentials: CredentialSource;
  readonly #tokens: TokenCache;
  /** By registry: what one purpose taught, another one need not ask for. */
  readonly #challenges = new Map<string, Challenge>();
  /** What the registry wants for a purpose beyond what we would ask for. */
  readonly #wanted = new Map<string, readonly string[]>();
  readonly #known = new Map<string, Promise<Credentials | undefined>>();

  constructor({ credentials, transport, clock }: AuthorizerOptions) {
    this.#credentials = credentials;
    this.#tokens = new TokenCache(transport, clock);
  }

  /** The Authorization header for a purpose, once the registry has told what it wants for it. */
  async header(purpose: Purpose, signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenges.get(purpose.registry);
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
    const challenge = this.#challenges.get(registry);
    if (challenge?.scheme !== "bearer") return undefined;
    return (await this.#token({ registry, scopes: [] }, challenge, signal)).identityToken;
  }

  async #token(
    purpose: Purpose,
    { realm, service }: BearerChallenge,
    signal?: AbortSignal,
  ): Promise<Token> {
    const { registry } = purpose;
    const credentials = await this.#lookUp(registry, signal);
    const wanted = this.#wanted.get(keyOf(purpose)) ?? [];
    const scopes = mergeScopes([...purpose.scopes, ...wanted]);
    return this.#tokens.get({ realm, service, registry, scopes, credentials }, signal);
  }

  /** Learns from a refusal; true when another try with `header` has a chance. */
  async learn(
    purpose: Purpose,
    { challenge, used }: Refusal,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const wanted = parseChallenge(challenge);
    if (wanted === undefined) return false;
    this.#challenges.set(purpose.registry, wanted);
    const credentials = await this.#lookUp(purpose.registry, signal);
    if (wanted.scheme === "basic") return used === undefined && credentials?.kind === "password";
    this.#wanted.set(keyOf(purpose), wanted.scopes);
    if (used !== undefined) this.#tokens.forget(used);
    return used === undefined || credentials?.kind !== "bearer";
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
