import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A certificate and its key: files. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const run = promisify(execFile);

/** Makes a certificate for loopback names, signed by itself or by another one, as files in a directory. */
export async function makeCertificate(
  directory: string,
  name: string,
  signer?: CertificateFiles,
): Promise<CertificateFiles> {
  const files = {
    certificate: join(directory, `${name}.pem`),
    key: join(directory, `${name}.key`),
  };
  const { stdout } = await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-keyout", files.key],
    ...["-addext", "subjectAltName=DNS:registry.test,DNS:localhost,IP:127.0.0.1"],
    ...(signer === undefined ? [] : ["-CA", signer.certificate, "-CAkey", signer.key]),
  ]);
  await writeFile(files.certificate, stdout);
  return files;
}
