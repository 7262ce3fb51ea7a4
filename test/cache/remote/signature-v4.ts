import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

const pattern =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/;

function partsOf({
  headers,
}: IncomingMessage): readonly [scope: string, names: string, is: string] {
  const [, scope = "", names = "", signature = ""] =
    pattern.exec(headers.authorization ?? "") ?? [];
  return [scope, names, signature];
}

/** The signature that a request has. */
export function signatureIn(request: IncomingMessage): string {
  return partsOf(request)[2];
}

/** The signature that it should have, by the steps that AWS documents for Signature Version 4. */
export function signatureOf(request: IncomingMessage, secret: string): string {
  const [scope, names] = partsOf(request);
  const header = (name: string): string => String(request.headers[name] ?? "");
  const { pathname, search } = new URL(request.url ?? "", "http://server");
  const canonical = [
    request.method,
    pathname,
    search.slice(1),
    ...names.split(";").map((name) => `${name}:${header(name)}`),
    "",
    names,
    header("x-amz-content-sha256"),
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, digest].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  return hmac(key, text).toString("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
