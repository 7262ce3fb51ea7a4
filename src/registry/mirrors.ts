import { BuildError } from "../error.js";
import type { Digest } from "../oci/digest.js";
import { HttpError } from "./http/http-error.js";
import type { Repository } from "./repository.js";

/** The mirrors to read from before a registry itself (N08), each with one try. */
export class Mirrors {
  readonly #lost = new Set<string>();
  /** Who gave bytes of a blob. */
  readonly #givers = new Map<Digest, Set<string>>();
  /** A mirror and a blob of which it gave other bytes. */
  readonly #lies = new Set<string>();
  #warnings: string[] = [];

  /** The same repository in each mirror that may answer, with the right bytes of a blob. */
  of(origin: Repository, blob?: Digest): readonly Repository[] {
    return origin.mirrors.filter(
      ({ action: { registry } }) =>
        !this.#lost.has(registry) && !this.#lies.has(`${registry} ${blob}`),
    );
  }

  /** Notes why a mirror did not give what was wanted: one that cannot be reached is not tried again. */
  failed({ action: { registry } }: Repository, error: unknown): void {
    if (error instanceof HttpError && error.status === undefined) this.#lost.add(registry);
    if (isLie(error)) this.#warn(registry, error);
  }

  /** Notes that bytes of a blob come from a mirror. */
  gave({ action: { registry } }: Repository, blob: Digest): void {
    const givers = this.#givers.get(blob) ?? new Set();
    this.#givers.set(blob, givers.add(registry));
  }

  /**
   * Notes that a blob was not what its digest says, and why. False when no mirror had a part in it: then
   * asking again cannot help.
   */
  distrust(blob: Digest, error: BuildError): boolean {
    const givers = this.#givers.get(blob);
    this.#givers.delete(blob);
    for (const registry of givers ?? []) {
      this.#lies.add(`${registry} ${blob}`);
      this.#warn(registry, error);
    }
    return givers !== undefined;
  }

  /** What was wrong with what mirrors gave, each told once. */
  takeWarnings(): readonly string[] {
    const warnings = this.#warnings;
    this.#warnings = [];
    return warnings;
  }

  #warn(registry: string, { message }: BuildError): void {
    this.#warnings.push(`Cannot use what mirror "${registry}" gave: ${message}`);
  }
}

/** Other bytes than a digest names. */
export function isLie(error: unknown): error is BuildError {
  return error instanceof BuildError && error.code === "DIGEST_MISMATCH";
}
