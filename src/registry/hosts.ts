/** The host that serves a registry's API; Docker Hub has another one than its name says. */
export function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** Tells whether a host[:port] is this machine: Docker speaks plain HTTP with such registries. */
export function isLoopback(host: string): boolean {
  const { hostname } = new URL(`http://${host}`);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

/** A host[:port] as URLs for HTTPS spell it: lowercase, and 443 left out. */
export function urlHost(host: string): string {
  const url = `https://${host}`;
  return URL.canParse(url) ? new URL(url).host : host;
}

/** A URL that a server named, absolute or relative to `base`; undefined when it is none for HTTP. */
export function webUrl(text: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  return url.protocol === "https:" || url.protocol === "http:" ? url : undefined;
}
