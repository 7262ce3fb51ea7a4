import { resolve } from "node:path";
import { formatReference, parseReference, type Reference } from "../../oci/reference.js";
import { writeTo } from "../../output/destination.js";
import { writeImageArchive, type NamedImage } from "../../output/image-archive.js";
import { packStoredImage } from "../../output/stored-image.js";
import type { ImageRecord } from "../../store/image-record.js";
import { asTar } from "../../store/layer-bytes.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import { outletOf, type Io } from "../io.js";

/** `tsbuild save NAME…`: an archive that `docker load`, skopeo and `tsbuild load` take. */
export async function runSave(
  { names, output }: Extract<StoreCommand, { kind: "save" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const { signal } = io;
  const images: NamedImage[] = [];
  for (const { record, references } of group(names, store)) {
    const packed = await packStoredImage(store, record, { compression: asTar, signal });
    const { id } = await store.images.own(record);
    const forDocker = packed.images.find(({ config }) => config.descriptor.digest === id);
    images.push({ packed, names: references, forDocker });
  }
  const dest = output === undefined || output === "-" ? "-" : resolve(io.cwd, output);
  await writeTo(dest, writeImageArchive(images, "docker"), outletOf(io), signal);
  return 0;
}

interface Group {
  readonly record: ImageRecord;
  readonly references: Reference[];
}

/** An image that is named twice is saved once, under both names; by id or digest, under none. */
function group(names: readonly string[], { images }: Store): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const name of names) {
    const record = images.get(name);
    const found = groups.get(record.id) ?? { record, references: [] };
    groups.set(record.id, found);
    const reference = tagOf(name, images.namesOf(record.id));
    if (reference !== undefined) found.references.push(reference);
  }
  return [...groups.values()];
}

/** "f00d" may be a name, or the beginning of an id: the names of the image tell. */
function tagOf(name: string, known: readonly string[]): Reference | undefined {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name)) return undefined;
  const reference = parseReference(name);
  const isName = reference.digest === undefined && known.includes(formatReference(reference));
  return isName ? reference : undefined;
}
