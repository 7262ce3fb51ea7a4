import { createHash } from "node:crypto";
import { toBytePath, toText, type Entry } from "../../oci/changeset.js";
import { readContent } from "../../oci/content.js";
import { provenanceStatement, type Subject } from "../../output/attestation.js";
import type { Tree } from "./export-tree.js";
import type { Attesting } from "./exporting.js";

/** How to write down what is said of a tree. */
export interface Said {
  readonly attesting: Attesting;
  readonly prefix: string;
  /** In seconds. */
  readonly mtime: number;
  /** The file has the platform in its name: other platforms are in the same directory. */
  readonly isNamed: boolean;
}

/** A tree with its provenance, which is about each of its files (O21). */
export async function withProvenance(
  { name, read }: Tree,
  index: number,
  { attesting, prefix, mtime, isNamed }: Said,
): Promise<Tree> {
  const { spec, predicates } = attesting;
  const bytes = provenanceStatement(await subjectsOf(read()), predicates[index] ?? {});
  const [, base = spec.filename, extension = ""] = /^(.+)(\.[^.]*)$/.exec(spec.filename) ?? [];
  const file = `${prefix}${base}${isNamed ? `.${name}` : ""}${extension}`;
  const metadata = { path: toBytePath(file), mode: 0o600, uid: 0, gid: 0, mtime };
  const content = { kind: "bytes", bytes } as const;
  const entry: Entry = { type: "file", ...metadata, size: bytes.byteLength, content };
  return {
    name,
    read: async function* () {
      yield* read();
      yield entry;
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
