import { HttpError } from "./http/http-error.js";
import type { Repository } from "./repository.js";

/** The mirrors to read from before a registry itself (N08), each with one try. */
export class Mirrors {
  readonly #lost = new Set<string>();

  /** The same repository in each mirror that may answer. */
  of(origin: Repository): readonly Repository[] {
    return origin.mirrors.filter(({ action }) => !this.#lost.has(action.registry));
  }

  /** Notes why a mirror did not give what was wanted: one that cannot be reached is not tried again. */
  failed({ action }: Repository, error: unknown): void {
    if (error instanceof HttpError && error.status === undefined) this.#lost.add(action.registry);
  }
}
