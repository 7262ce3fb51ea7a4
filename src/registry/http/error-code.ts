/** The system's or Node's code of an error: "ECONNRESET". */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Why a connection failed, in a few words. */
export function connectionFailure(error: unknown): string {
  const code = codeOf(error) ?? "";
  if (isUntrusted(error)) return `its certificate is not trusted (${code})`;
  if (isNotTls(error)) return "it does not speak TLS";
  return reasons.get(code) ?? (code === "" ? messageOf(error) : code);
}

/** Whether a server showed a certificate that nobody here trusts. */
export function isUntrusted(error: unknown): boolean {
  return /CERT|SIGNATURE|ISSUER/.test(codeOf(error) ?? "");
}

/** Whether a server answered HTTPS with something else. */
export function isNotTls(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return code === "EPROTO" || code.startsWith("ERR_SSL");
}

/** Whether a server may be one that speaks HTTP only. */
export function speaksNoTls(error: unknown): boolean {
  return isNotTls(error) || ["ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(codeOf(error) ?? "");
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["EAI_AGAIN", "its name could not be looked up"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "the connection broke"],
  ["EHOSTUNREACH", "no route to the host"],
  ["ENETUNREACH", "no route to the network"],
  ["ENOTFOUND", "no such host"],
  ["EPIPE", "the connection broke"],
  ["ETIMEDOUT", "no answer in time"],
]);

/** What to set where a server's own authority is not known. */
export const authorityHint = "add its authority to the file that NODE_EXTRA_CA_CERTS names";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
