import { BuildError, type BuildErrorCode, type BuildErrorContext } from "../error.js";

/** What else is known of a failure. */
export interface RegistryErrorContext extends BuildErrorContext {
  /** The HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** How long the registry wants us to wait before the next try, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** A failure to talk with a registry. Carries no credentials, and no query of a URL. */
export class RegistryError extends BuildError {
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(
    code: BuildErrorCode,
    message: string,
    { status, retryAfter, ...context }: RegistryErrorContext = {},
  ) {
    super(code, message, context);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A URL for people: no user, no password, no query (signed URLs carry secrets there). */
export function redactUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** The failure that a broken connection to `host` means; a BuildError is one already. */
export function unreachable(host: string, error: unknown): BuildError {
  if (error instanceof BuildError) return error;
  const code = codeOf(error) ?? "";
  const insecureHint = `list ${host} in TSBUILD_INSECURE_REGISTRIES if you trust the network to it`;
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return failure(host, `its certificate is not trusted (${code})`, {
      cause: error,
      hint: `add its authority to the file that NODE_EXTRA_CA_CERTS names, or ${insecureHint}`,
    });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return failure(host, "it does not speak TLS", { cause: error, hint: insecureHint });
  }
  return failure(host, reasons.get(code) ?? (code === "" ? messageOf(error) : code), {
    cause: error,
  });
}

function failure(host: string, why: string, context: RegistryErrorContext): RegistryError {
  return new RegistryError("REGISTRY", `Cannot reach registry "${host}": ${why}`, context);
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

/** The system's or Node's code of an error: "ECONNRESET". */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
