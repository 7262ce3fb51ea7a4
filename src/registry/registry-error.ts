import { BuildError } from "../error.js";
import { connectionFailure, isNotTls, isUntrusted } from "./http/error-code.js";
import { HttpError } from "./http/http-error.js";

/** A failure to talk with a registry. */
export class RegistryError extends HttpError {}

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
  if (isUntrusted(error)) {
    return `put its authority into /etc/docker/certs.d/${host}/ca.crt, or ${insecure}`;
  }
  return isNotTls(error) ? insecure : undefined;
}
