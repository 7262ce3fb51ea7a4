import type { IncomingMessage } from "node:http";

/** Tells whether a host[:port] is this machine. */
export function isLoopback(host: string): boolean {
  const { hostname } = new URL(`http://${host}`);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

/** The host of a URL as connections take it: an IPv6 address without its brackets. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** A URL that a server named, absolute or relative to `base`; undefined when it is none for HTTP. */
export function webUrl(text: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}

/** The same with more in its query; what a server wrote there, such as a signature, stays as it is. */
export function withQuery(url: URL, more: Readonly<Record<string, string>>): URL {
  const found = new URL(url);
  const rest = new URLSearchParams(more).toString();
  found.search = found.search === "" ? rest : `${found.search}&${rest}`;
  return found;
}

/** A URL for people: no user, no password, no query (signed URLs carry secrets there). */
export function redactUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** Where an answer to `method` sends the client; undefined when it is not a redirect. */
export function redirectTarget(
  { statusCode: status = 0, headers }: IncomingMessage,
  method: string,
  base: URL,
): URL | undefined {
  const { location } = headers;
  return isRedirect(status, method) && location !== undefined ? webUrl(location, base) : undefined;
}

/** 301 to 303 would turn what we send into a GET (RFC 9110, 15.4). */
function isRedirect(status: number, method: string): boolean {
  if (status === 307 || status === 308) return true;
  return status >= 301 && status <= 303 && (method === "GET" || method === "HEAD");
}
