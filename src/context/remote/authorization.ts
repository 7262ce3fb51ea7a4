import type { SecretSource } from "../../secret-source.js";

/** The Authorization header for a URL of ADD, from the secrets that its host has (C22). */
export async function httpAuthorization(
  { hostname }: URL,
  secrets: SecretSource,
): Promise<string | undefined> {
  const token = await read(secrets, `HTTP_AUTH_TOKEN_${hostname}`);
  if (token !== undefined) return `Bearer ${token}`;
  return await read(secrets, `HTTP_AUTH_HEADER_${hostname}`);
}

/** The Authorization header for a git repository, from the secrets for its host, else for all (B06). */
export async function gitAuthorization(
  remote: string,
  secrets: SecretSource,
): Promise<string | undefined> {
  if (!/^https?:\/\//i.test(remote) || !URL.canParse(remote)) return undefined;
  const { host } = new URL(remote);
  for (const suffix of [`.${host}`, ""]) {
    const header = await read(secrets, `GIT_AUTH_HEADER${suffix}`);
    if (header !== undefined) return header;
    const token = await read(secrets, `GIT_AUTH_TOKEN${suffix}`);
    if (token === undefined) continue;
    return `basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  }
  return undefined;
}

/** A secret fit for a header: files tend to end in a line feed. */
async function read(secrets: SecretSource, id: string): Promise<string | undefined> {
  const value = await secrets(id);
  return value === undefined ? undefined : Buffer.from(value).toString("utf8").trim();
}
