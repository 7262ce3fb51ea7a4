import { readFileSync } from "node:fs";
import type { SandboxProcess } from "./executor.js";
import {
  asksOnlyLoopback,
  asksResolvedStub,
  forwardedResolver,
  isolatedResolvConf,
} from "./name-files.js";
import { startNetwork, type SharedNetwork } from "./network.js";

/** How a step reaches the world. */
export interface Connection {
  /** "default" only where there is a shared namespace. */
  readonly network: SandboxProcess["network"];
  /** The file that pins it. */
  readonly namespace: string | undefined;
  /** The content of its /etc/resolv.conf. */
  readonly resolvConf: string;
}

/** What a network is made of once it is needed. */
export interface LazyNetworkOptions {
  readonly file: string;
  readonly searchPath: string;
  /** The host's file, and the one where systemd-resolved keeps its upstream servers. */
  readonly resolvConf: string;
  readonly upstreamResolvConf: string;
  /** Told once when steps fall back to the host's network. */
  readonly warn: (message: string) => void;
}

/** The one network that all steps share, started for the first that needs it. */
export class LazyNetwork implements AsyncDisposable {
  readonly #options: LazyNetworkOptions;
  #started: Promise<SharedNetwork | undefined> | undefined;

  constructor(options: LazyNetworkOptions) {
    this.#options = options;
  }

  async connect(wanted: SandboxProcess["network"]): Promise<Connection> {
    const host = readIfThere(this.#options.resolvConf) ?? "";
    if (wanted === "host") return { network: "host", namespace: undefined, resolvConf: host };
    const reachable = this.#withoutStub(host);
    if (wanted === "none") return none(reachable);
    const forwardDns = asksOnlyLoopback(reachable);
    const shared = await (this.#started ??= this.#start(forwardDns));
    if (shared === undefined) return await this.connect("host");
    const resolver = forwardDns ? forwardedResolver : undefined;
    const resolvConf = isolatedResolvConf(reachable, resolver);
    return { network: "default", namespace: shared.namespace, resolvConf };
  }

  #withoutStub(resolvConf: string): string {
    if (!asksResolvedStub(resolvConf)) return resolvConf;
    return readIfThere(this.#options.upstreamResolvConf) ?? resolvConf;
  }

  async #start(forwardDns: boolean): Promise<SharedNetwork | undefined> {
    const { file, searchPath, warn } = this.#options;
    const result = await startNetwork({ file, searchPath, forwardDns });
    if (typeof result !== "string") return result;
    warn(
      `Steps use the host's network, because no network of their own could be started: ${result}`,
    );
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const network = await this.#started;
    await network?.[Symbol.asyncDispose]();
  }
}

/** Undefined whatever the reason is: a step without names is better than none. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function none(resolvConf: string): Connection {
  return {
    network: "none",
    namespace: undefined,
    resolvConf: isolatedResolvConf(resolvConf, undefined),
  };
}
