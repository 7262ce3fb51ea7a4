import type { IncomingMessage } from "node:http";
import type { ProxyChoice } from "./http/proxy-choice.js";
import { discard, Transport, type HttpRequest } from "./http/transport.js";
import type { TrustOptions } from "./http/trust.js";
import { speaksNoTls } from "./http/error-code.js";
import { isLoopback, redirectTarget } from "./http/web-url.js";
import { Authorizer } from "./authorizer.js";
import type { CredentialSource } from "./credentials.js";
import { apiHost, urlHost } from "./hosts.js";
import { RegistryError, unreachable } from "./registry-error.js";
import { RegistriesSettings } from "./registry-settings.js";
import { systemClock, type Clock } from "./http/clock.js";
import { defaultDelays, type Retries } from "./http/retry.js";

/** Whom to trust, and who we are. */
export interface RegistryOptions extends TrustOptions {
  readonly credentials: CredentialSource;
  /** What the user says of single registries. */
  readonly registries?: RegistriesSettings | undefined;
  /** The direct way unless given. */
  readonly proxy?: ProxyChoice | undefined;
  /** Hosts (with port) that may have a bad certificate or none at all; loopback hosts always may. */
  readonly insecureHosts?: readonly string[] | undefined;
  /** On a connection, in milliseconds; two minutes unless given. */
  readonly longestSilence?: number | undefined;
  /** Waits before each further try, in milliseconds. */
  readonly retryDelays?: readonly number[] | undefined;
  /** The machine's own unless given. */
  readonly clock?: Clock | undefined;
}

/** A request to a registry's API. */
export interface ApiRequest extends Omit<HttpRequest, "url"> {
  readonly registry: string;
  /** Below "/v2/", or a URL that the registry named itself. */
  readonly path: string | URL;
  /** What it must be allowed to do: "repository:org/app:pull". */
  readonly scopes: readonly string[];
}

/** The head of an answer; its body is still to be read. */
export interface ApiResponse {
  readonly status: number;
  readonly response: IncomingMessage;
  /** The URL that answered in the end. */
  readonly url: URL;
}

const maxRedirects = 5;

/** Speaks with registries: finds the scheme, authorizes, follows redirects. */
export class Connection {
  readonly retries: Retries & { readonly clock: Clock };
  readonly registries: RegistriesSettings;
  readonly #insecure: ReadonlySet<string>;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #schemes = new Map<string, Promise<"http" | "https">>();

  constructor({
    credentials,
    registries = new RegistriesSettings(),
    proxy,
    insecureHosts = [],
    retryDelays = defaultDelays,
    clock = systemClock,
    longestSilence,
    ...trust
  }: RegistryOptions) {
    this.registries = registries;
    this.retries = { delays: retryDelays, clock };
    this.#insecure = new Set(insecureHosts.map(urlHost));
    this.#transport = new Transport({
      ...trust,
      proxy,
      longestSilence,
      isInsecure: (host) => this.#isInsecure(host),
    });
    this.#authorizer = new Authorizer({ credentials, transport: this.#transport, clock });
  }

  /** Sends a request, with authorization where the registry asks for it. */
  async send(request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse> {
    const url = await this.#urlOf(request, signal);
    if (await this.#isOwn(request, url, signal)) return this.#authorized(url, request, signal);
    return this.#follow(url, request, undefined, signal);
  }

  async #authorized(url: URL, request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse> {
    const header = await this.#authorizer.header(request, signal);
    const answer = await this.#follow(url, request, header, signal);
    if (answer.status !== 401 || answer.url.origin !== url.origin) return answer;
    const challenge = answer.response.headers["www-authenticate"];
    const refusal = { challenge, used: header };
    if (!(await this.#authorizer.learn(request, refusal, signal))) return answer;
    discard(answer.response);
    const second = await this.#authorizer.header(request, signal);
    return this.#follow(url, request, second, signal);
  }

  /** What a registry gave at a login to be kept instead of the password. */
  identityToken(registry: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#authorizer.identityToken(registry, signal);
  }

  async #urlOf({ registry, path }: ApiRequest, signal?: AbortSignal): Promise<URL> {
    if (path instanceof URL) return path;
    const host = apiHost(registry);
    return new URL(`${await this.#scheme(host, signal)}://${host}/v2/${path}`);
  }

  /**
   * Whether a URL is the registry's own. Another host, where an upload or a foreign layer may be, neither learns who we
   * are nor says who may (CVE-2020-15157): its challenge would send our login to a server of its choice.
   */
  async #isOwn({ registry }: ApiRequest, url: URL, signal?: AbortSignal): Promise<boolean> {
    const host = apiHost(registry);
    return new URL(`${await this.#scheme(host, signal)}://${host}`).origin === url.origin;
  }

  async #follow(
    start: URL,
    request: ApiRequest,
    authorization: string | undefined,
    signal?: AbortSignal,
  ): Promise<ApiResponse> {
    let url = start;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      const own = authorization !== undefined && url.origin === start.origin;
      const headers = { ...request.headers, ...(own ? { Authorization: authorization } : {}) };
      const onBehalfOf = urlHost(apiHost(request.registry));
      const response = await this.#exchange({ ...request, url, headers, onBehalfOf }, signal);
      const next = redirectTarget(response, request.method, url);
      if (next === undefined) return { status: response.statusCode ?? 0, response, url };
      discard(response);
      url = next;
    }
    throw new RegistryError(
      "REGISTRY",
      `Cannot reach registry "${request.registry}": more than ${maxRedirects} redirects`,
    );
  }

  async #exchange(request: HttpRequest, signal?: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.#transport.send(request, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(request.url.host, error);
    }
  }

  #isInsecure(host: string): boolean {
    const { insecure, http } = this.registries.of(host);
    return insecure || http || this.#insecure.has(urlHost(host)) || isLoopback(host);
  }

  /** HTTPS; on hosts that may be insecure HTTP where nothing answers to HTTPS (N10). */
  #scheme(host: string, signal?: AbortSignal): Promise<"http" | "https"> {
    const known = this.#schemes.get(host);
    if (known !== undefined) return known;
    const found = this.#findScheme(host, signal);
    this.#schemes.set(host, found);
    found.catch(() => this.#schemes.delete(host));
    return found;
  }

  async #findScheme(host: string, signal?: AbortSignal): Promise<"http" | "https"> {
    const { insecure, http } = this.registries.of(host);
    if (http && !insecure) return "http";
    if (!this.#isInsecure(host)) return "https";
    try {
      const url = new URL(`https://${host}/v2/`);
      const onBehalfOf = urlHost(host);
      discard(await this.#transport.send({ method: "HEAD", url, onBehalfOf }, signal));
      return "https";
    } catch (error) {
      signal?.throwIfAborted();
      if (speaksNoTls(error)) return "http";
      throw unreachable(host, error);
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#transport.close();
  }
}
