import { createHash } from "node:crypto";
import { BuildError } from "../../error.js";
import { toBytePath, toText, type Entry } from "../../oci/changeset.js";
import { readContent } from "../../oci/content.js";
import { statementOf, type Subject } from "../../output/attestation.js";
import type { ImageClaim } from "./exporting.js";
import type { Tree } from "./tree.js";

/** How to write down what is said of a tree. */
export interface ClaimForm {
  readonly prefix: string;
  /** In seconds. */
  readonly mtime: number;
  /** The files have the platform in their names: other platforms are in the same directory. */
  readonly isNamed: boolean;
}

/** A tree with what is said of it, which is about each of its files (O21). */
export async function withClaims(
  { name, read }: Tree,
  claims: readonly ImageClaim[],
  { prefix, mtime, isNamed }: ClaimForm,
): Promise<Tree> {
  const written = claims.filter(({ filename }) => filename !== undefined);
  if (written.length === 0) return { name, read };
  const subjects = await subjectsOf(read());
  const entries = new Map<string, Entry>();
  for (const { filename = "", ...claim } of written) {
    const [, base = filename, extension = ""] = /^(.+)(\.[^.]*)$/.exec(filename) ?? [];
    const file = `${prefix}${base}${isNamed ? `.${name}` : ""}${extension}`;
    if (entries.has(file)) {
      throw new BuildError("OUTPUT", `Cannot write "${file}": two attestations have this name`);
    }
    const { bytes } = statementOf(claim, subjects);
    const metadata = { path: toBytePath(file), mode: 0o600, uid: 0, gid: 0, mtime };
    const content = { kind: "bytes", bytes } as const;
    entries.set(file, { type: "file", ...metadata, size: bytes.byteLength, content });
  }
  return {
    name,
    read: async function* () {
      yield* read();
      yield* entries.values();
    },
  };
}

async function subjectsOf(tree: AsyncIterable<Entry>): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for await (const entry of tree) {
    if (entry.type !== "file") continue;
    const hash = createHash("sha256");
    for await (const chunk of readContent(entry)) hash.update(chunk);
    subjects.push({ name: toText(entry.path), digest: { sha256: hash.digest("hex") } });
  }
  return subjects;
}
