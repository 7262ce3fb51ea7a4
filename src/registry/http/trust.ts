import { createSecureContext, type SecureContext } from "node:tls";
import { BuildError } from "../../error.js";
import { withUsual } from "./authorities.js";
import { codeOf } from "./error-code.js";

/** Certificates for one host. */
export interface HostCertificates {
  /** Where they were found. */
  readonly directory: string;
  /** Authorities to trust there, besides all others, as PEM. */
  readonly authorities: readonly string[];
  /** To prove who we are, as PEM. */
  readonly clients: readonly { readonly cert: string; readonly key: string }[];
}

/** Which servers to trust, and who we are there. */
export interface TrustOptions {
  /** Certificate authorities to trust besides the usual ones, as PEM. */
  readonly ca?: string | undefined;
  /** More of them, read when a server's certificate is not trusted without. */
  readonly moreAuthorities?: (() => string | undefined) | undefined;
  /** Certificates for a host (with port). */
  readonly certificates?: ((host: string) => Promise<HostCertificates | undefined>) | undefined;
}

/** The certificates that TLS connections are made with. */
export class Trust {
  readonly #options: TrustOptions;
  readonly #found = new Map<string, Promise<HostCertificates | undefined>>();
  #authorities: readonly string[];
  #wide = false;
  #context: SecureContext | undefined;
  #blind: SecureContext | undefined;

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#authorities = options.ca === undefined ? [] : [options.ca];
  }

  /** What is kept for a host. */
  certificatesOf(host: string): Promise<HostCertificates | undefined> {
    const known = this.#found.get(host);
    if (known !== undefined) return known;
    const found = this.#options.certificates?.(host) ?? Promise.resolve(undefined);
    this.#found.set(host, found);
    return found;
  }

  /** For connections with these certificates; undefined is node's own. */
  context(own: HostCertificates | undefined): SecureContext | undefined {
    const authorities = [...this.#authorities, ...(own?.authorities ?? [])];
    const ca = authorities.length === 0 ? undefined : withUsual(...authorities);
    if (own !== undefined) return contextOf(own, ca);
    if (ca === undefined) return undefined;
    return (this.#context ??= createSecureContext({ ca: [...ca] }));
  }

  /**
   * For connections to a server whose certificate does not matter. Without authorities: to parse node's own takes
   * 30 ms, also where nothing speaks TLS, as with most registries on this machine.
   */
  blindContext(own: HostCertificates | undefined): SecureContext {
    if (own !== undefined) return contextOf(own, []);
    return (this.#blind ??= createSecureContext({ ca: [] }));
  }

  /**
   * Trusts the authorities that were left out so far: parsing them takes 50 ms, which the servers of
   * companies are worth, and the public ones need not wait for. False when there are none.
   */
  widen(): boolean {
    if (this.#wide) return true;
    const more = this.#options.moreAuthorities?.();
    if (more === undefined) return false;
    this.#authorities = [...this.#authorities, more];
    this.#context = undefined;
    this.#wide = true;
    return true;
  }

  /** Whether it was widened. */
  get isWide(): boolean {
    return this.#wide;
  }
}

function contextOf(
  { clients, directory }: HostCertificates,
  ca: readonly string[] | undefined,
): SecureContext {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca: [...ca] }),
      cert: clients.map(({ cert }) => cert),
      key: clients.map(({ key }) => key),
    });
  } catch (cause) {
    const message = `Cannot use the certificates in "${directory}": ${codeOf(cause) ?? String(cause)}`;
    throw new BuildError("REGISTRY", message, { cause });
  }
}
