/** The host that serves a registry's API; Docker Hub has another one than its name says. */
export function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** A host[:port] as URLs for HTTPS spell it: lowercase, and 443 left out. */
export function urlHost(host: string): string {
  const url = `https://${host}`;
  return URL.canParse(url) ? new URL(url).host : host;
}
