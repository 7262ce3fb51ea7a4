import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** The usual certificate authorities, and more of them, as PEM. */
export function withUsual(...more: readonly string[]): readonly string[] {
  return [...rootCertificates, ...more];
}

/** Where systems keep the authorities that they trust: Debian, Fedora, openSUSE, Alpine. */
const bundles: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The authorities of this machine, as PEM: of the file that the user names (SSL_CERT_FILE), else of
 * the system's bundle. As OpenSSL does, a file that cannot be read is done without.
 */
export function systemAuthorities(named: string | undefined): string | undefined {
  for (const path of named === undefined || named === "" ? bundles : [named]) {
    try {
      return readFileSync(path, "utf8");
    } catch {
      // the next one may be there
    }
  }
  return undefined;
}
