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

/** The one network that all steps share, started for the first that needs it, or ahead of that. */
export class LazyNetwork implements AsyncDisposable {
  readonly #options: LazyNetworkOptions;
  #started: Promise<SharedNetwork | string> | undefined;
  #hasWarned = false;

  constructor(options: LazyNetworkOptions) {
    this.#options = options;
  }

  /** Begins to start it. What fails is told by the first step that needs it. */
  getReady(): void {
    this.#start(asksOnlyLoopback(this.#reachable())).catch(() => undefined);
  }

  async connect(wanted: SandboxProcess["network"]): Promise<Connection> {
    if (wanted === "host") {
      return { network: "host", namespace: undefined, resolvConf: this.#host() };
    }
    const reachable = this.#reachable();
    if (wanted === "none") return none(reachable);
    const forwardDns = asksOnlyLoopback(reachable);
    const shared = await this.#start(forwardDns);
    if (typeof shared === "string") {
      this.#warn(shared);
      return await this.connect("host");
    }
    const resolver = forwardDns ? forwardedResolver : undefined;
    const resolvConf = isolatedResolvConf(reachable, resolver);
    return { network: "default", namespace: shared.namespace, resolvConf };
  }

  #host(): string {
    return readIfThere(this.#options.resolvConf) ?? "";
  }

  #reachable(): string {
    const host = this.#host();
    if (!asksResolvedStub(host)) return host;
    return readIfThere(this.#options.upstreamResolvConf) ?? host;
  }

  #start(forwardDns: boolean): Promise<SharedNetwork | string> {
    const { file, searchPath } = this.#options;
    return (this.#started ??= startNetwork({ file, searchPath, forwardDns }));
  }

  #warn(reason: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.warn(
      `Steps use the host's network, because no network of their own could be started: ${reason}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const network = await this.#started?.catch(() => undefined); // told by `connect`
    if (typeof network === "object") await network[Symbol.asyncDispose]();
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
