import { BuildError } from "../error.js";

/** What proves to a registry who we are. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, to be exchanged for access tokens. */
  | {
      readonly kind: "identity-token";
      readonly token: string;
      /** Whose it is, where that is known. */
      readonly username?: string | undefined;
    }
  /** An access token as it is. */
  | { readonly kind: "bearer"; readonly token: string };

/** What a login leaves: the password, or the identity token that the registry gave for it. */
export type LoginCredentials = Exclude<Credentials, { readonly kind: "bearer" }>;

/** What we use of Docker's config.json. */
export interface DockerConfig {
  /** By registry host. */
  readonly auths: ReadonlyMap<string, Credentials>;
  /** The suffix of the `docker-credential-` program for every registry. */
  readonly credsStore: string | undefined;
  /** The same for single registry hosts. */
  readonly credHelpers: ReadonlyMap<string, string>;
}

/** Docker Hub's, kept from the days of registry v1. */
const dockerHubKey = "https://index.docker.io/v1/";

/** What Docker calls a registry in its config file and towards credential helpers. */
export function dockerKey(registry: string): string {
  return registry === "docker.io" ? dockerHubKey : registry;
}

/** Reads the text of a Docker config file; `name` is what the user calls it. */
export function readDockerConfig(text: string, name: string): DockerConfig {
  const config = record(parse(text, name));
  const { credsStore } = config;
  return {
    auths: readAuths(config["auths"]),
    credsStore: typeof credsStore === "string" && credsStore !== "" ? credsStore : undefined,
    credHelpers: new Map(
      entriesOf(config["credHelpers"]).map(([key, value]) => [hostOfKey(key), String(value)]),
    ),
  };
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's own message, which quotes the text and so perhaps a password.
    throw new BuildError("AUTH", `Cannot read Docker configuration "${name}": it is not JSON`);
  }
}

/** The members of an object; none for anything else. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** As `record`, one by one. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(record(value));
}

/**
 * Where several keys mean one host, the one that Docker itself looks for counts: beside it `docker login` keeps other
 * tokens of Docker Hub, as ".../v1/access-token" and ".../v1/refresh-token", which the registry does not take.
 */
function readAuths(value: unknown): ReadonlyMap<string, Credentials> {
  const auths = new Map<string, Credentials>();
  for (const [key, entry] of entriesOf(value)) {
    const host = hostOfKey(key);
    const found = credentialsOf(record(entry));
    if (found !== undefined && (!auths.has(host) || key === dockerKey(host)))
      auths.set(host, found);
  }
  return auths;
}

/** "https://ghcr.io/v1/", "ghcr.io/" and "ghcr.io" are the same registry. */
export function hostOfKey(key: string): string {
  const host = key.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return ["index.docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

function credentialsOf(entry: Readonly<Record<string, unknown>>): Credentials | undefined {
  const { identitytoken, registrytoken, auth } = entry;
  if (isText(registrytoken)) return { kind: "bearer", token: registrytoken };
  if (isText(identitytoken)) return { kind: "identity-token", token: identitytoken };
  if (isText(auth)) return decodeAuth(auth);
  const { username, password } = entry;
  if (!isText(username) || typeof password !== "string") return undefined;
  return { kind: "password", username, password };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function decodeAuth(auth: string): Credentials | undefined {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon <= 0) return undefined;
  // Old Docker clients padded the password with zero bytes.
  const password = text.slice(colon + 1).replace(/\0+$/, "");
  return { kind: "password", username: text.slice(0, colon), password };
}
