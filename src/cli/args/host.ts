import { isIP } from "node:net";
import { badValue } from "./usage-error.js";

/** Docker's word for this machine, where an address is wanted. */
export const HOST_GATEWAY = "host-gateway";

/** A line of /etc/hosts. */
export interface HostEntry {
  readonly name: string;
  /** Or "host-gateway": an address of this machine that its steps reach. */
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
  if (address === HOST_GATEWAY) return address;
  const bare = /^\[(.*)\]$/.exec(address)?.[1];
  const ip = bare ?? address;
  const version = isIP(ip);
  if (version === 0 || (bare !== undefined && version !== 6)) {
    throw badValue("--add-host", text, `"${address}" is not an IP address`);
  }
  return ip;
}
