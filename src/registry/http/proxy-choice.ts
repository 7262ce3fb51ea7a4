import { BlockList, isIP } from "node:net";
import { BuildError } from "../../error.js";
import { bareHost, isLoopback } from "./web-url.js";

/** The proxy to reach a URL through; undefined is the direct way. */
export type ProxyChoice = (url: URL) => URL | undefined;

/**
 * The proxies that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, in either case, as the tools around
 * containers read them: this machine is always reached directly. Throws USAGE for a proxy that is
 * no URL, and UNSUPPORTED for one that does not speak HTTP.
 */
export function proxyChoice(env: Readonly<Record<string, string | undefined>>): ProxyChoice {
  const read = (name: string): string => env[name] || env[name.toLowerCase()] || "";
  const proxies: Readonly<Record<string, URL | undefined>> = {
    "http:": parseProxy("HTTP_PROXY", read("HTTP_PROXY")),
    "https:": parseProxy("HTTPS_PROXY", read("HTTPS_PROXY")),
  };
  const exceptions = read("NO_PROXY")
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseException);
  return (url) => {
    const proxy = proxies[url.protocol];
    if (proxy === undefined || isLoopback(url.host)) return undefined;
    return exceptions.some((covers) => covers(url)) ? undefined : proxy;
  };
}

function parseProxy(variable: string, text: string): URL | undefined {
  if (text === "") return undefined;
  const href = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(href)) {
    throw new BuildError("USAGE", `Cannot use the proxy that ${variable} names: it is not a URL`);
  }
  const proxy = new URL(href);
  checkLogin(variable, proxy);
  if (proxy.protocol === "http:" || proxy.protocol === "https:") return proxy;
  const message = `Cannot use the proxy that ${variable} names: "${proxy.protocol}" is not supported`;
  throw new BuildError("UNSUPPORTED", message, { hint: "a proxy may be http:// or https://" });
}

/** A URL may have any "%" in its user and password, but only some of them can be decoded (`TunnelAgent`). */
function checkLogin(variable: string, { username, password }: URL): void {
  try {
    decodeURIComponent(`${username}:${password}`);
  } catch (cause) {
    const message = `Cannot use the proxy that ${variable} names: its user or password is badly escaped`;
    throw new BuildError("USAGE", message, { hint: 'write "%25" for "%"', cause });
  }
}

/** One item of NO_PROXY: "*", an address or a range of them, or a domain with or without port. */
function parseException(item: string): (url: URL) => boolean {
  if (item === "*") return () => true;
  const range = /^([^/]+)\/(\d+)$/.exec(item);
  if (range !== null) return inRange(range[1] ?? "", Number(range[2]));
  const [, host = item, port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(item) ?? [];
  const domain = host.toLowerCase().replace(/^\*?\./, "");
  const below = `.${domain}`;
  const itself = !/^\*?\./.test(host);
  return (url) =>
    (port === undefined || port === portOf(url)) &&
    ((itself && sameHost(url.hostname, domain)) || url.hostname.endsWith(below));
}

function inRange(address: string, prefix: number): (url: URL) => boolean {
  const family = isIP(address);
  if (family === 0 || prefix > (family === 6 ? 128 : 32)) return () => false;
  const range = new BlockList();
  range.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
  return ({ hostname }) => {
    const host = bareHost(hostname);
    const own = isIP(host);
    return own !== 0 && range.check(host, own === 6 ? "ipv6" : "ipv4");
  };
}

function sameHost(hostname: string, host: string): boolean {
  return bareHost(hostname) === bareHost(host);
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}
