import { basic } from "./basic.js";
import type { Credentials } from "./docker-config.js";
import { apiHost, urlHost } from "./hosts.js";
import { parseRetryAfter } from "./http/retry.js";
import { redactUrl, webUrl } from "./http/web-url.js";
import { RegistryError, unreachable } from "./registry-error.js";
import { readBody, type HttpRequest, type Transport } from "./http/transport.js";

/** What a bearer challenge asks to bring (distribution, token specification). */
export interface TokenRequest {
  readonly registry: string;
  readonly realm: string;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
}

/** An access token. */
export interface Token {
  readonly token: string;
  /** In seconds. */
  readonly lifetime: number;
  /** To be kept instead of the password; asked for by a login only. */
  readonly identityToken: string | undefined;
}

/** Longest answer of a token server that we read. */
const maxAnswer = 1024 * 1024;

/** Statuses by which servers that only speak OAuth2 refuse a GET. */
const wantsPost: readonly number[] = [401, 404, 405];

const knowsNoPost: readonly number[] = [404, 405];

/** Fetches an access token, anonymously where there are no credentials. */
export async function fetchToken(
  transport: Transport,
  request: TokenRequest,
  signal?: AbortSignal,
): Promise<Token> {
  const realm = realmOf(request, transport);
  const { credentials } = request;
  const onBehalfOf = urlHost(apiHost(request.registry));
  const send = (how: typeof viaGet): Promise<Answer> =>
    ask(transport, { ...how(realm, request), onBehalfOf }, signal);
  let answer = await send(credentials?.kind === "identity-token" ? viaPost : viaGet);
  if (credentials?.kind === "password" && wantsPost.includes(answer.status)) {
    const second = await send(viaPost);
    // Who knows no OAuth2 at all meant what he said the first time.
    if (answer.status !== 401 || !knowsNoPost.includes(second.status)) answer = second;
  }
  if (answer.status === 200) return parseToken(answer.body, realm);
  const denied = answer.status === 401 || answer.status === 403 || answer.status === 400;
  const why = denied ? "access denied" : `status ${answer.status}`;
  throw new RegistryError(
    denied ? "AUTH" : "REGISTRY",
    `Cannot get a token for "${request.registry}" from ${redactUrl(realm)}: ${why}`,
    {
      status: answer.status,
      retryAfter: answer.retryAfter,
      hint: denied ? `check the login with "tsbuild login ${request.registry}"` : undefined,
    },
  );
}

function realmOf({ registry, realm, credentials }: TokenRequest, transport: Transport): URL {
  const url = webUrl(realm);
  if (url === undefined) throw refuse(registry, "its realm is not a URL");
  const plain = url.protocol === "http:" && !transport.isInsecure(url.host);
  if (!plain || credentials === undefined) return url;
  throw refuse(registry, `${redactUrl(url)} would see the password in plain text`);
}

function refuse(registry: string, why: string): RegistryError {
  return new RegistryError("REGISTRY", `Cannot get a token for "${registry}": ${why}`);
}

function viaGet(realm: URL, { service, scopes, credentials }: TokenRequest): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (isLogin(scopes)) url.searchParams.set("offline_token", "true");
  if (credentials?.kind !== "password") return { method: "GET", url };
  url.searchParams.set("account", credentials.username);
  return { method: "GET", url, headers: { Authorization: basic(credentials) } };
}

function viaPost(url: URL, { service, scopes, credentials }: TokenRequest): HttpRequest {
  const form = new URLSearchParams({ client_id: "tsbuild", scope: scopes.join(" ") });
  if (service !== undefined) form.set("service", service);
  if (isLogin(scopes)) form.set("access_type", "offline");
  if (credentials?.kind === "password") {
    form.set("grant_type", "password");
    form.set("username", credentials.username);
    form.set("password", credentials.password);
  } else if (credentials !== undefined) {
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", credentials.token);
  }
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return { method: "POST", url, headers, body: Buffer.from(form.toString()) };
}

/** Nothing else asks for a token without a right. */
function isLogin(scopes: readonly string[]): boolean {
  return scopes.length === 0;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly body: Buffer | undefined;
}

async function ask(
  transport: Transport,
  request: HttpRequest,
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    const response = await transport.send(request, signal);
    const { statusCode: status = 0, headers } = response;
    const retryAfter = parseRetryAfter(headers["retry-after"], Date.now());
    return { status, retryAfter, body: await readBody(response, maxAnswer) };
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(request.url.host, error);
  }
}

/** A server that names no lifetime means a minute. */
const defaultLifetime = 60;

function parseToken(body: Buffer | undefined, realm: URL): Token {
  const answer = parseObject(body);
  const token = answer["token"] ?? answer["access_token"];
  const lifetime = Number(answer["expires_in"] ?? defaultLifetime);
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token) && lifetime >= 0) {
    const refresh = answer["refresh_token"];
    const identityToken = typeof refresh === "string" && refresh !== "" ? refresh : undefined;
    return { token, lifetime: Math.max(lifetime, defaultLifetime), identityToken };
  }
  throw new RegistryError("REGISTRY", `Cannot get a token from ${redactUrl(realm)}: it sent none`);
}

function parseObject(body: Buffer | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body?.toString("utf8") ?? "");
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
