import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "../../oci/changeset.js";
import { memberOf } from "../../oci/layer-tar.js";
import { TarWriter } from "../../oci/tar-writer.js";
import { measureTar, type TarMeasure } from "../measure-tar.js";
import { INDEX_NAME, TAR_NAME } from "./mount-layer.js";
import { OldTar } from "./old-tar.js";
import { OutFile } from "./out-file.js";
import { patchIndex, type ReplacedMember } from "./patch-index.js";

/** Writes what another layer becomes into an empty directory. */
export type WritePatched = (directory: string, signal?: AbortSignal) => Promise<TarMeasure>;

/**
 * Works out what a layer that we wrote becomes when entries take the place of others of the same names. What stays is copied as it
 * is, from the tar and from the index, so that both come out as `writeLayer` would write them; that their bytes are still those that were once hashed
 * is trusted, as wherever a layer is read, and only their sizes and the headers that are replaced are compared. Undefined where that is not enough.
 */
export function patchLayer(layer: string, entries: Iterable<Entry>): WritePatched | undefined {
  const index = readFileSync(join(layer, INDEX_NAME));
  using looked = new OldTar(layer);
  const members = patchIndex(index, looked, entries);
  if (members === undefined) return undefined;
  return async (directory, signal) => {
    using old = new OldTar(layer);
    using tar = OutFile.create(join(directory, TAR_NAME));
    using indexFile = OutFile.create(join(directory, INDEX_NAME));
    const indexed = indexFile.append(index);
    indexed.catch(() => undefined); // waited for below: until then nobody would handle it
    try {
      return await measureTar(patchedTar(old, members), (chunk) => tar.append(chunk), signal);
    } finally {
      await indexed;
    }
  };
}

/** Each piece is valid only until the second one after it is asked for. */
async function* patchedTar(
  old: OldTar,
  members: readonly ReplacedMember[],
): AsyncGenerator<Uint8Array> {
  using writer = new TarWriter({ reuse: true, hashContent: false });
  let at = 0;
  for (const { entry, start, end } of members) {
    yield* old.pieces(at, start);
    yield* writer.add(memberOf(entry));
    yield* writer.flush();
    at = end;
  }
  yield* old.pieces(at, old.size);
}
