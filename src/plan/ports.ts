import { isIP } from "node:net";
import { BuildError } from "../error.js";

/** One word of EXPOSE, read. */
export interface ExposedPorts {
  /** "80/tcp", one for each port of a range. */
  readonly ports: readonly string[];
  /** The protocol was not in lower case. */
  readonly oddCase: boolean;
  /** An address or a host port was there, which EXPOSE has no use for. */
  readonly mapping: boolean;
}

/** Reads `[[address:]host:]port[-end][/protocol]` (I04). */
export function parseExposed(text: string): ExposedPorts {
  const parts = text.split(":");
  const container = parts.pop() ?? "";
  const host = parts.pop() ?? "";
  const address = parts.join(":");
  const { range, protocol } = splitProtocol(text, container);
  const [start, end] = parseRange(text, range);
  if (host !== "") checkHost(text, parseRange(text, host), end - start);
  if (address !== "" && isIP(address.replace(/^\[(.*)\]$/, "$1")) === 0) {
    throw invalid(text, `"${address}" is not an IP address`);
  }
  return {
    ports: Array.from({ length: end - start + 1 }, (_, i) => `${start + i}/${protocol}`),
    oddCase: !container.endsWith(protocol) && container.includes("/") && !container.endsWith("/"),
    mapping: text.includes(":"),
  };
}

function splitProtocol(text: string, container: string): { range: string; protocol: string } {
  const slash = container.indexOf("/");
  const range = slash < 0 ? container : container.slice(0, slash);
  const written = slash < 0 ? "" : container.slice(slash + 1);
  const protocol = written === "" ? "tcp" : written.toLowerCase();
  if (!["tcp", "udp", "sctp"].includes(protocol)) {
    throw invalid(text, `"${written}" is not a protocol: want tcp, udp or sctp`);
  }
  return { range, protocol };
}

function parseRange(text: string, range: string): [number, number] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(range);
  const start = Number(match?.[1]);
  const end = Number(match?.[2] ?? start);
  if (match === null) throw invalid(text, `"${range}" is not a port: want a number or start-end`);
  if (start > 65535 || end > 65535) throw invalid(text, "a port is at most 65535");
  if (end < start) throw invalid(text, `the range "${range}" ends before it starts`);
  return [start, end];
}

/** One container port may come from any of a range of host ports; else both have the same length. */
function checkHost(text: string, [start, end]: [number, number], length: number): void {
  if (length === 0 || end - start === length) return;
  throw invalid(text, "the ranges of host and container ports differ in length");
}

function invalid(text: string, why: string): BuildError {
  return new BuildError("SYNTAX", `Cannot expose "${text}": ${why}`);
}
