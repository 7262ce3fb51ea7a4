import { constants, createReadStream, linkSync, readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../../oci/changeset.js";
import { memberOf } from "../../oci/layer-tar.js";
import { TarWriter } from "../../oci/tar-writer.js";
import { resumedSha256, type Sha256State } from "../../sys/running-sha256.js";
import { isSystemError } from "../../sys/system-error.js";
import { measureTar, type MeasuredStart, type TarMeasure, type TarSink } from "../measure-tar.js";
import { encodeStates, splitStates } from "./hash-states.js";
import {
  INDEX_NAME,
  PATCH_NAME,
  SHARED_NAME,
  tarFiles,
  writeParts,
  type TarPart,
} from "./layer-place.js";
import { OutFile } from "./out-file.js";
import { PATCH_DEVICE, patchIndex, type ReplacedMember } from "./patch-index.js";
import { StoredTar } from "./stored-tar.js";

/** Writes what another layer becomes into an empty directory. */
export type WritePatched = (directory: string, signal?: AbortSignal) => Promise<TarMeasure>;

/** Of more parts a tar is not made. */
const MOST_PARTS = 4096;
/** Bytes that no part tells of do not matter up to here, beyond it only where they are more than a quarter of the tar. */
const FEW_UNUSED = 1 << 16;

/**
 * Works out what a layer that we wrote becomes when entries take the place of others of the same names. What stays is where it is: the tar
 * becomes one of both layers, and the members that differ come into a file beside it. The bytes that are then put together are those that
 * `writeLayer` would write; their hash goes on from where that of the old tar was before the first change. Undefined where that cannot be done, or would leave too much that nobody needs.
 */
export function patchLayer(layer: string, entries: Iterable<Entry>): WritePatched | undefined {
  const index = readFileSync(join(layer, INDEX_NAME));
  using old = new StoredTar(layer);
  const members = patchIndex(index, old, entries);
  const parts = members && patchedParts(old, members);
  const [first] = members ?? [];
  if (members === undefined || first === undefined || parts === undefined) return undefined;
  return async (directory, signal) => {
    const [shared = ""] = tarFiles(layer);
    await share(shared, join(directory, SHARED_NAME));
    writeParts(directory, parts);
    const { image, states } = splitStates(index);
    using indexFile = OutFile.create(join(directory, INDEX_NAME));
    const indexed = indexFile.append(image);
    indexed.catch(() => undefined); // waited for below: until then nobody would handle it
    const known = states?.filter(({ size }) => size <= first.start) ?? [];
    try {
      await writePatch(directory, layer, members);
      return await measurePatched(directory, known, signal);
    } finally {
      await indexed;
      if (states !== undefined) indexFile.write(encodeStates(known));
    }
  };
}

/** Gives a tar another name; copies it where the filesystem has none for it, or no more. */
async function share(tar: string, name: string): Promise<void> {
  try {
    linkSync(tar, name);
  } catch (error) {
    if (!isSystemError(error, "EMLINK", "EOPNOTSUPP", "EPERM")) throw error;
    await copyFile(tar, name, constants.COPYFILE_FICLONE);
  }
}

/** Hashes what comes behind the last of these states, and adds those that it comes to. */
async function measurePatched(
  directory: string,
  states: Sha256State[],
  signal: AbortSignal | undefined,
): Promise<TarMeasure> {
  using tar = new StoredTar(directory);
  const start = resumed(states.at(-1));
  if (start === undefined) states.length = 0;
  const sink: TarSink = {
    state(state) {
      states.push(state);
    },
  };
  return await measureTar(tar.pieces(start?.size ?? 0), sink, signal, start);
}

function resumed(state: Sha256State | undefined): MeasuredStart | undefined {
  const sha256 = state && resumedSha256(state);
  return sha256 && { sha256, size: state.size };
}

/** What the tar is then; undefined where it should be written anew. */
function patchedParts(
  old: StoredTar,
  members: readonly ReplacedMember[],
): readonly TarPart[] | undefined {
  const [shared = 0, patch = 0] = old.fileSizes;
  const parts: TarPart[] = [];
  let [at, patched, size] = [0, patch, old.size];
  for (const member of members) {
    const end = patched + member.size;
    append(parts, ...old.slice(at, member.start), { device: PATCH_DEVICE, start: patched, end });
    patched = end;
    size += member.size - (member.end - member.start);
    at = member.end;
  }
  append(parts, ...old.slice(at, old.size));
  const unused = shared + patched - size;
  if (unused > FEW_UNUSED && unused > size / 4) return undefined;
  return parts.length > MOST_PARTS ? undefined : parts;
}

/** What follows the last one in its file becomes one with it. */
function append(parts: TarPart[], ...more: readonly TarPart[]): void {
  for (const part of more) {
    const last = parts.at(-1);
    const isNext = last?.device === part.device && last.end === part.start;
    if (isNext) parts[parts.length - 1] = { ...last, end: part.end };
    else parts.push(part);
  }
}

/** What took the place of others before, and what does so now. */
async function writePatch(
  directory: string,
  layer: string,
  members: readonly ReplacedMember[],
): Promise<void> {
  using file = OutFile.create(join(directory, PATCH_NAME));
  using writer = new TarWriter({ reuse: true, hashContent: false });
  const [, before] = tarFiles(layer);
  if (before !== undefined)
    for await (const piece of createReadStream(before)) await file.append(piece as Buffer);
  for (const { entry } of members) {
    for await (const piece of writer.add(memberOf(entry))) await file.append(piece);
  }
  for await (const piece of writer.flush()) await file.append(piece);
}
