import type { ApiResponse } from "./connection.js";
import { webUrl } from "./http/web-url.js";

/** Where a list goes on (RFC 8288); undefined when this was its last page. */
export function nextPage({ response, url }: ApiResponse): URL | undefined {
  const next = /<([^>]*)>\s*;\s*rel="?next\b/i.exec(String(response.headers["link"]))?.[1];
  return next === undefined ? undefined : webUrl(next, url);
}
