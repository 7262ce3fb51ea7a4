import type { StandIns } from "../snapshotter/stand-ins.js";
import type { SandboxProcess } from "./executor.js";

/** The resolver that pasta and slirp4netns play inside their network, on request. */
export const forwardedResolver = "10.0.2.3";

/** What the files of names are mounted over, in a sandbox that cannot take away what is mounted over it. */
export const nameFileStandIns: StandIns = { directory: "etc", files: ["resolv.conf", "hosts"] };

/** The step's /etc/hosts. */
export function hostsFile({
  hostname,
  extraHosts,
}: Pick<SandboxProcess, "hostname" | "extraHosts">): string {
  return [
    `127.0.0.1\tlocalhost ${hostname}`,
    "::1\tlocalhost ip6-localhost ip6-loopback",
    ...extraHosts.map(({ name, ip }) => `${ip}\t${name}`),
    "",
  ].join("\n");
}

/** True when the host asks only systemd-resolved's local stub, whose upstream file serves us better. */
export function asksResolvedStub(resolvConf: string): boolean {
  const servers = nameservers(resolvConf);
  return servers.length > 0 && servers.every((server) => /^127\.0\.0\.5[34]$/.test(server));
}

/** True when every nameserver is one that only the host itself can reach. */
export function asksOnlyLoopback(resolvConf: string): boolean {
  return nameservers(resolvConf).every(isLoopback);
}

/**
 * The /etc/resolv.conf of a step with a network of its own: without the host's loopback
 * nameservers, and with `resolver` where then none is left.
 */
export function isolatedResolvConf(resolvConf: string, resolver: string | undefined): string {
  const kept = resolvConf.split("\n").filter((line) => !isLoopback(nameserver(line) ?? ""));
  const text = kept.join("\n");
  if (resolver === undefined || nameservers(text).length > 0) return text;
  return `nameserver ${resolver}\n${text}`;
}

function nameservers(resolvConf: string): readonly string[] {
  return resolvConf.split("\n").flatMap((line) => nameserver(line) ?? []);
}

function nameserver(line: string): string | undefined {
  return /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
}

function isLoopback(address: string): boolean {
  return /^(127\.|::1$|0\.0\.0\.0$|::$)/.test(address);
}
