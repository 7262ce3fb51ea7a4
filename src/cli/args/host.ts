import { isIP } from "node:net";
import { badValue, unsupported } from "./usage-error.js";

/** A line of /etc/hosts. */
export interface HostEntry {
  readonly name: string;
  readonly ip: string;
}

/** Reads `name=ip`, `name:ip` and `name=ip,ip`; IPv6 addresses may stand in brackets. */
export function parseHost(text: string): readonly HostEntry[] {
  const match = /^([^=:,\s]+)[=:](.+)$/.exec(text);
  if (match === null) throw badValue("--add-host", text, "want NAME=ADDRESS");
  const [, name = "", addresses = ""] = match;
  return addresses.split(",").map((address) => ({ name, ip: parseAddress(text, address) }));
}

function parseAddress(text: string, address: string): string {
  if (address === "host-gateway") {
    throw unsupported(`--add-host "${text}"`, "give the address instead of host-gateway");
  }
  const bare = /^\[(.*)\]$/.exec(address)?.[1];
  const ip = bare ?? address;
  const version = isIP(ip);
  if (version === 0 || (bare !== undefined && version !== 6)) {
    throw badValue("--add-host", text, `"${address}" is no IP address`);
  }
  return ip;
}
