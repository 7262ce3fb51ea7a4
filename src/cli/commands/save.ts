import { parseReference, type Reference } from "../../oci/reference.js";
import { writeTo } from "../../output/destination.js";
import { writeImageArchive, type NamedImage } from "../../output/image-archive.js";
import { packStoredImage } from "../../output/stored-image.js";
import type { ImageRecord } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";

/** `tsbuild save NAME…`: an archive that `docker load`, skopeo and `tsbuild load` take. */
export async function runSave(
  { names, output }: Extract<StoreCommand, { kind: "save" }>,
  store: Store,
  io: Io,
): Promise<number> {
  const { signal } = io;
  const images: NamedImage[] = [];
  for (const { record, references } of group(names, store)) {
    const image = await packStoredImage(store, record, { compression: "none", signal });
    images.push({ image, names: references });
  }
  const stdout = { stream: io.out, isTerminal: io.terminal.out };
  await writeTo(output ?? "-", writeImageArchive(images, "docker"), stdout, signal);
  return 0;
}

/** An image that is named twice is saved once, under both names; by id, under none. */
function group(
  names: readonly string[],
  store: Store,
): readonly { readonly record: ImageRecord; readonly references: Reference[] }[] {
  const groups = new Map<
    string,
    { readonly record: ImageRecord; readonly references: Reference[] }
  >();
  for (const name of names) {
    const record = store.images.get(name);
    const found = groups.get(record.id) ?? { record, references: [] };
    groups.set(record.id, found);
    if (!isId(name, record)) found.references.push(withTag(parseReference(name)));
  }
  return [...groups.values()];
}

function isId(name: string, { id }: ImageRecord): boolean {
  return id.slice("sha256:".length).startsWith(name.replace(/^sha256:/, ""));
}

function withTag(reference: Reference): Reference {
  return reference.tag === undefined ? { ...reference, tag: "latest" } : reference;
}
