import { parseRetryAfter } from "./http/retry.js";
import { redactUrl } from "./http/web-url.js";
import { RegistryError } from "./registry-error.js";
import type { ApiResponse } from "./connection.js";
import { readBody } from "./http/transport.js";

/** What was tried, for messages: `{ verb: "pull", name: "ghcr.io/org/app:1" }`. */
export interface Action {
  readonly registry: string;
  readonly verb: "log in to" | "pull" | "push";
  readonly name: string;
}

/** Longest error body that is read. */
const maxErrorBody = 64 * 1024;

/** Turns an answer that means failure into the error to throw; its body is used up. */
export async function failureOf(action: Action, answer: ApiResponse): Promise<RegistryError> {
  const { status, response, url } = answer;
  const said = await readBody(response, maxErrorBody).then(messageIn, () => undefined);
  const { code, why, hint } = explain(action, status, isInsufficient(response));
  const detail = said === undefined ? "" : ` (${said})`;
  return new RegistryError(code, `Cannot ${action.verb} "${action.name}": ${why}${detail}`, {
    status,
    retryAfter: parseRetryAfter(response.headers["retry-after"], Date.now()),
    hint: hint ?? `the answer came from ${redactUrl(url)}`,
  });
}

/** The token that we were given for our login does not allow this (RFC 6750, 3.1). */
function isInsufficient({ headers }: ApiResponse["response"]): boolean {
  return /\berror="?insufficient_scope\b/i.test(headers["www-authenticate"] ?? "");
}

interface Explanation {
  readonly code: "AUTH" | "IMAGE_NOT_FOUND" | "REGISTRY";
  readonly why: string;
  readonly hint?: string;
}

function explain({ registry, verb }: Action, status: number, insufficient: boolean): Explanation {
  if (status === 401 || status === 403) {
    const why = insufficient ? "access denied: the login has no right to it" : "access denied";
    if (verb === "log in to") return { code: "AUTH", why };
    const login = `tsbuild login${registry === "docker.io" ? "" : ` ${registry}`}`;
    const hint =
      verb === "pull"
        ? `check the name; a private image needs "${login}"`
        : `log in with "${login}", as someone who may push there`;
    return { code: "AUTH", why, hint };
  }
  if (status === 404 && verb !== "log in to") {
    return verb === "pull"
      ? { code: "IMAGE_NOT_FOUND", why: "not found in the registry", hint: "check name and tag" }
      : { code: "REGISTRY", why: "the registry has no such repository" };
  }
  if (status === 429) return { code: "REGISTRY", why: "the registry allows no more requests now" };
  return { code: "REGISTRY", why: `the registry answered with status ${status}` };
}

/** The first message of the registry's error document, fit for a terminal. */
function messageIn(body: Buffer | undefined): string | undefined {
  const found = /"message"\s*:\s*("(?:\\.|[^"\\])*")/.exec(body?.toString("utf8") ?? "")?.[1];
  if (found === undefined) return undefined;
  try {
    const text = String(JSON.parse(found));
    return (
      text
        .replace(/[^\P{C}]+/gu, " ")
        .trim()
        .slice(0, 200) || undefined
    );
  } catch {
    return undefined;
  }
}
