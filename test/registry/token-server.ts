import { createPrivateKey, sign, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { makeCertificate } from "./certificates.js";
import { reply, startRogue, type Received, type RogueServer } from "./rogue-server.js";

/** Hands out the tokens that docker-registry wants (distribution, token specification). */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  /** The certificate that its tokens are signed with: a file. */
  readonly certificate: string;
  /** Scopes of each token that was asked for, in order. */
  readonly asked: readonly (readonly string[])[];
  readonly received: RogueServer["received"];
}

export interface TokenServerOptions {
  readonly directory: string;
  /** Who may do everything; strangers may pull. */
  readonly login: { readonly username: string; readonly password: string };
  /** In seconds. */
  readonly lifetime?: number;
  /** Scopes that nobody gets. */
  readonly refuses?: readonly string[];
}

export const service = "registry.test";
const issuer = "tsbuild test";

/** Starts a token server with a key of its own. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const { directory, login, lifetime = 300, refuses = [] } = options;
  const { certificate, key } = await makeCertificate(directory, "tokens");
  const signer = {
    key: createPrivateKey(await readFile(key)),
    x5c: [new X509Certificate(await readFile(certificate)).raw.toString("base64")],
  };
  const asked: (readonly string[])[] = [];
  const basic = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const server = await startRogue((request, response) => {
    if (request.line.startsWith("POST")) {
      reply(response, 405);
      return;
    }
    if (request.authorization !== undefined && request.authorization !== basic) {
      reply(response, 401);
      return;
    }
    const scopes = scopesOf(request);
    asked.push(scopes);
    const known = request.authorization === basic;
    const granted = scopes.filter((scope) => !refuses.includes(scope));
    const token = jwt(known ? granted : granted.map(pullOnly), signer);
    reply(response, 200, { body: JSON.stringify({ token, expires_in: lifetime }) });
  });
  return {
    realm: `http://${server.host}/token`,
    certificate,
    asked,
    received: server.received,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function scopesOf({ line }: Received): readonly string[] {
  return new URL(line.slice(line.indexOf("/")), "http://x").searchParams.getAll("scope");
}

function pullOnly(scope: string): string {
  return scope.replace(/:[^:]*$/, ":pull");
}

interface Signer {
  readonly key: KeyObject;
  readonly x5c: readonly string[];
}

function jwt(scopes: readonly string[], { key, x5c }: Signer): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ""] = scope.split(":");
    return { type, name, actions: actions.split(",") };
  });
  const claims = { iss: issuer, aud: service, nbf: now - 60, iat: now, exp: now + 3600, jti: "1" };
  const parts = [
    { alg: "ES256", typ: "JWT", x5c },
    { ...claims, sub: "", access },
  ];
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

/** What docker-registry is told of a token server. */
export function tokenAuth({ realm, certificate }: TokenServer): Readonly<Record<string, string>> {
  return { realm, service, issuer, rootcertbundle: certificate };
}
