import { rootCertificates } from "node:tls";

/** The usual certificate authorities, and more of them, as PEM. */
export function withUsual(more: string): readonly string[] {
  return [...rootCertificates, more];
}
