import { BuildError } from "../../error.js";
import { ByteReader } from "../../oci/byte-reader.js";
import { looksLikeArchive } from "../../oci/looks-like-archive.js";

/** Docker's limit for a Dockerfile that is not a file of this machine, in bytes. */
export const dockerfileLimit = 2 * 1024 * 1024;

/** What standard input turned out to be (B02, B03). */
export type StandardInput =
  | { readonly kind: "text"; readonly text: string }
  /** To be read once. */
  | { readonly kind: "archive"; readonly bytes: AsyncIterable<Uint8Array> };

/** Longest beginning that tells an archive: a tar header. */
const headLength = 512;

/** Looks at how standard input begins; reads all of it when that is a Dockerfile. */
export async function readStandardInput(input: AsyncIterable<Uint8Array>): Promise<StandardInput> {
  const reader = new ByteReader(input);
  const head = await reader.take(headLength);
  if (looksLikeArchive(head)) return { kind: "archive", bytes: continued(head, reader) };
  const rest = await reader.take(dockerfileLimit + 1 - head.byteLength);
  const bytes = Buffer.concat([head, rest]);
  if (bytes.byteLength <= dockerfileLimit) return { kind: "text", text: bytes.toString("utf8") };
  throw new BuildError("USAGE", "Cannot read a Dockerfile from standard input: more than 2 MiB");
}

async function* continued(head: Buffer, reader: ByteReader): AsyncGenerator<Uint8Array> {
  yield head;
  for (;;) {
    const chunk = await reader.takeSome(1 << 20);
    if (chunk === undefined) return;
    yield chunk;
  }
}
