import type { ApiResponse } from "./connection.js";
import { webUrl } from "./http/web-url.js";

/** The way from page to page of a list. */
export class PageLinks {
  readonly #read = new Set<string>();

  /** Where a list goes on (RFC 8288); undefined when this was its last page, or leads back to one that was read. */
  next({ response, url }: ApiResponse): URL | undefined {
    this.#read.add(url.href);
    const next = /<([^>]*)>\s*;\s*rel="?next\b/i.exec(String(response.headers["link"]))?.[1];
    const found = next === undefined ? undefined : webUrl(next, url);
    return found !== undefined && this.#read.has(found.href) ? undefined : found;
  }
}
