import { familiarReference, type Reference } from "../oci/reference.js";
import type { ApiResponse, Connection } from "./connection.js";
import { failureOf, type Action } from "./failure.js";
import { unreachable } from "./registry-error.js";
import type { HttpRequest } from "./http/transport.js";

/** One request about an image, and the answers that mean success. */
export interface Call extends Omit<HttpRequest, "url"> {
  /** Below the repository, such as "manifests/latest", or a URL that the registry named itself. */
  readonly path: string | URL;
  readonly ok: readonly number[];
  /** Another repository of the registry that it reads from. */
  readonly source?: string | undefined;
}

/** What a token for each of them must allow. */
const rights = { "log in to": "pull", pull: "pull", push: "pull,push" };

/** Speaks with one repository about one image. */
export class Repository {
  readonly action: Action;
  readonly #connection: Connection;
  readonly #reference: Reference;
  /** The registry that this one mirrors. */
  readonly #origin: string | undefined;

  constructor(connection: Connection, reference: Reference, verb: Action["verb"], origin?: string) {
    this.#connection = connection;
    this.#reference = reference;
    this.#origin = origin;
    this.action = { registry: reference.registry, verb, name: familiarReference(reference) };
  }

  /** The same repository in each mirror of its registry. */
  get mirrors(): readonly Repository[] {
    const { registry, repository, ...rest } = this.#reference;
    return this.#connection.registries.of(registry).mirrors.map((mirror) => {
      const path = [mirror.repository, repository].filter(Boolean).join("/");
      const reference = { ...rest, registry: mirror.registry, repository: path };
      return new Repository(this.#connection, reference, this.action.verb, registry);
    });
  }

  /** Sends a request once; any other answer than the wanted ones is a RegistryError. */
  async send(call: Call, signal?: AbortSignal): Promise<ApiResponse> {
    const { registry, repository } = this.#reference;
    const path = call.path instanceof URL ? call.path : `${repository}/${call.path}${this.#query}`;
    const request = { ...call, registry, path, scopes: this.#scopes(call) };
    const answer = await this.#connection.send(request, signal);
    if (call.ok.includes(answer.status)) return answer;
    throw await failureOf(this.action, answer);
  }

  /** As containerd tells a mirror of several registries which of them is meant. */
  get #query(): string {
    return this.#origin === undefined ? "" : `?ns=${encodeURIComponent(this.#origin)}`;
  }

  #scopes({ source }: Call): readonly string[] {
    const own = `repository:${this.#reference.repository}:${rights[this.action.verb]}`;
    return source === undefined ? [own] : [own, `repository:${source}:pull`];
  }

  /** Runs what reads a body, so that a broken connection is a RegistryError as well. */
  async reading<T>(read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await read();
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(this.#reference.registry, error);
    }
  }
}
