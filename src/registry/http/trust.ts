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
    if (own !== undefined) return contextOf(this.#authorities, own);
    if (this.#authorities.length === 0) return undefined;
    return (this.#context ??= contextOf(this.#authorities, own));
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
  authorities: readonly string[],
  own: HostCertificates | undefined,
): SecureContext {
  const more = [...authorities, ...(own?.authorities ?? [])];
  const clients = own?.clients ?? [];
  try {
    return createSecureContext({
      ...(more.length === 0 ? {} : { ca: [...withUsual(...more)] }),
      cert: clients.map(({ cert }) => cert),
      key: clients.map(({ key }) => key),
    });
  } catch (cause) {
    if (own === undefined) throw cause;
    const message = `Cannot use the certificates in "${own.directory}": ${codeOf(cause) ?? String(cause)}`;
    throw new BuildError("REGISTRY", message, { cause });
  }
}
