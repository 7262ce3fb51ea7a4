import { BuildError, type BuildErrorCode, type BuildErrorContext } from "../error.js";
import { authorityHint, connectionFailure, isNotTls, isUntrusted } from "../http/error-code.js";

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

/** The failure that a broken connection to `host` means; a BuildError is one already. */
export function unreachable(host: string, error: unknown): BuildError {
  if (error instanceof BuildError) return error;
  const why = connectionFailure(error);
  const hint = hintFor(host, error);
  return new RegistryError("REGISTRY", `Cannot reach registry "${host}": ${why}`, {
    cause: error,
    hint,
  });
}

function hintFor(host: string, error: unknown): string | undefined {
  const insecure = `list ${host} in TSBUILD_INSECURE_REGISTRIES if you trust the network to it`;
  if (isUntrusted(error)) return `${authorityHint}, or ${insecure}`;
  return isNotTls(error) ? insecure : undefined;
}
