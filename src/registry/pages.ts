import { BuildError } from "../error.js";
import type { ApiResponse } from "./connection.js";
import { readBody } from "./http/transport.js";
import { webUrl } from "./http/web-url.js";
import type { Repository } from "./repository.js";

/** Longest list that is read, in bytes: nothing says that it ends. */
const longestList = 32 * 1024 * 1024;
/** Each page counts as no less, as each costs a request. */
const leastPage = 4096;

/** Reads a list, such as "tags", page by page. */
export class Pages {
  readonly #repository: Repository;
  readonly #what: string;
  readonly #read = new Set<string>();
  #left = longestList;

  constructor(repository: Repository, what: string) {
    this.#repository = repository;
    this.#what = what;
  }

  /** The body of a page. */
  async read({ response }: ApiResponse, signal?: AbortSignal): Promise<Uint8Array> {
    const body = await this.#repository.reading(() => readBody(response, this.#left), signal);
    this.#left -= Math.max(body?.byteLength ?? 0, leastPage);
    if (body !== undefined && this.#left >= 0) return body;
    const { verb, name } = this.#repository.action;
    throw new BuildError(
      "REGISTRY",
      `Cannot ${verb} "${name}": its list of ${this.#what} is larger than 32 MiB`,
    );
  }

  /** Where the list goes on (RFC 8288); undefined when this was its last page, or leads back to one that was read. */
  next({ response, url }: ApiResponse): URL | undefined {
    this.#read.add(url.href);
    const next = /<([^>]*)>\s*;\s*rel="?next\b/i.exec(String(response.headers["link"]))?.[1];
    const found = next === undefined ? undefined : webUrl(next, url);
    return found !== undefined && this.#read.has(found.href) ? undefined : found;
  }
}
