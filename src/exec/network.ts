import { spawn, type ChildProcess } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { unmount } from "../sys/mounts.js";
import { forwardedResolver } from "./name-files.js";
import { collect, exitOf, firstByte } from "./children.js";
import { findProgram } from "./runtime.js";

/** A network namespace with a way out to the world, but not to the host's loopback. */
export interface SharedNetwork extends AsyncDisposable {
  /** The file that pins the namespace. */
  readonly namespace: string;
}

/** What a network is made of. */
export interface NetworkOptions {
  /** Where the namespace is pinned; there must be no such file yet. */
  readonly file: string;
  readonly searchPath: string;
  /** Answer at `forwardedResolver` from the host's own resolver. */
  readonly forwardDns: boolean;
}

/** Starts one by pasta, else slirp4netns; a string tells why neither could. */
export async function startNetwork(options: NetworkOptions): Promise<SharedNetwork | string> {
  const reasons: string[] = [];
  await writeFile(options.file, "");
  const pinned = await pinNamespace(options);
  if (pinned !== undefined) return pinned;
  for (const [name, script, args] of helpers(options)) {
    const program = findProgram(name, options.searchPath);
    const result =
      program === undefined
        ? "not installed"
        : await startHelper(script, [program, ...args], options);
    if (typeof result !== "string") return sharedNetwork(options.file, result);
    reasons.push(`${name}: ${result}`);
  }
  await release(options.file);
  return reasons.join("; ");
}

async function pinNamespace({ file, searchPath }: NetworkOptions): Promise<string | undefined> {
  const child = spawn("unshare", [`--net=${file}`, "true"], {
    env: { PATH: searchPath },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const errors = collect(child.stderr);
  const code = await exitOf(child).catch(() => undefined); // not even unshare is installed
  if (code === 0) return undefined;
  await rm(file, { force: true });
  return lastLine(await errors) ?? "unshare could not make one";
}

type Helper = readonly [name: string, script: string, args: readonly string[]];

/**
 * Each script answers "1" once the network is up, then waits for the end of its input, which comes
 * when this process ends in whatever way. It is the first process of a pid namespace, so nothing
 * outlives it. A death signal would not do: pasta changes its credentials, which clears it.
 */
function helpers({ file, forwardDns }: NetworkOptions): readonly Helper[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = addresses.filter(({ internal }) => !internal);
  const v4 = outer.some(({ family }) => family === "IPv4");
  const v6 = outer.some(({ family, scopeid }) => family === "IPv6" && scopeid === 0);
  return [
    [
      "pasta",
      `"$@" && printf 1 && read -r _`,
      // Own addresses, or the host's would be taken inside and servers on them out of reach.
      [
        ...["--quiet", "--config-net", "--no-map-gw", "--runas", "0"],
        ...["-t", "none", "-u", "none", "-T", "none", "-U", "none"],
        ...(v4 ? ["-a", "10.0.2.100", "-n", "24", "-g", "10.0.2.2"] : ["--ipv6-only"]),
        ...(v6 ? ["-a", "fd17:625c:f037:2::100", "-g", "fd17:625c:f037:2::2"] : ["--ipv4-only"]),
        ...(forwardDns ? ["--dns-forward", forwardedResolver] : []),
        ...["--netns", file],
      ],
    ],
    [
      "slirp4netns",
      `{ "$@" 3>&1 >&2 || printf 0; } & read -r _`,
      [
        ...["--configure", "--ready-fd=3", "--mtu=65520", "--disable-host-loopback"],
        ...(v6 ? ["--enable-ipv6"] : []),
        ...["--netns-type=path", file, "eth0"],
      ],
    ],
  ];
}

async function startHelper(
  script: string,
  argv: readonly string[],
  { searchPath }: NetworkOptions,
): Promise<ChildProcess | string> {
  const inNamespace = ["--pid", "--fork", "--kill-child=KILL", "sh", "-c", script, "sh"];
  const child = spawn("unshare", [...inNamespace, ...argv], {
    env: { PATH: searchPath },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // Ctrl-C is for us; running steps still need it while they are being stopped
  });
  child.stdin.on("error", () => undefined);
  const over = exitOf(child).catch(() => undefined); // listens from the start: it may not even start
  const errors = collect(child.stderr);
  const answer = await firstByte(child.stdout);
  if (answer === "1") return child;
  child.stdin.end();
  await over;
  return lastLine(await errors) ?? "did not start";
}

function sharedNetwork(file: string, helper: ChildProcess): SharedNetwork {
  let released: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    helper.stdin?.end();
    await exitOf(helper);
    await release(file);
  };
  return { namespace: file, [Symbol.asyncDispose]: () => (released ??= stop()) };
}

/** What a program complained of last. */
function lastLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line !== "" && !line.endsWith("to syslog"));
}

async function release(file: string): Promise<void> {
  unmount(file);
  await rm(file, { force: true });
}
