import { dockerKey, entriesOf, hostOfKey, record, type LoginCredentials } from "./docker-config.js";

/**
 * The text of a config file in which a registry has these credentials and no others; an empty entry,
 * as Docker writes one for what a helper keeps, when they are undefined. All else stays.
 */
export function withRegistry(
  text: string,
  registry: string,
  credentials: LoginCredentials | undefined,
): string {
  const config = record(JSON.parse(text));
  const others = othersIn(config, registry);
  const auths = { ...Object.fromEntries(others), [dockerKey(registry)]: entryOf(credentials) };
  return formatLike(text, { ...config, auths });
}

/** The text of a config file without a registry's entry; undefined when there is none. */
export function withoutRegistry(text: string, registry: string): string | undefined {
  const config = record(JSON.parse(text));
  const others = othersIn(config, registry);
  if (others.length === entriesOf(config["auths"]).length) return undefined;
  return formatLike(text, { ...config, auths: Object.fromEntries(others) });
}

function othersIn(
  config: Readonly<Record<string, unknown>>,
  registry: string,
): readonly (readonly [string, unknown])[] {
  return entriesOf(config["auths"]).filter(([key]) => hostOfKey(key) !== registry);
}

function entryOf(credentials: LoginCredentials | undefined): Readonly<Record<string, string>> {
  if (credentials === undefined) return {};
  const encode = (login: string) => Buffer.from(login).toString("base64");
  if (credentials.kind === "password") {
    return { auth: encode(`${credentials.username}:${credentials.password}`) };
  }
  const { token: identitytoken, username } = credentials;
  return { ...(username === undefined ? {} : { auth: encode(`${username}:`) }), identitytoken };
}

/** Indented as the text was; with tabs, as Docker does it, where that does not show. */
function formatLike(text: string, config: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(config, undefined, /^([ \t]+)"/m.exec(text)?.[1] ?? "\t");
}
