import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, parseImageConfig } from "../../oci/image-json.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import { isAttestation } from "../../oci/select-platform.js";
import type { PackedRoot } from "../../output/packed-image.js";
import type { ArchivedImage } from "../../output/archived-image.js";
import { readImageArchive } from "../../output/read-archive.js";
import { keepDocuments } from "../../output/stored-image.js";
import { ingestImage, type BlobSource } from "../../store/image-ingest.js";
import type { StoreCommand } from "../store-command.js";
import { readArchiveInput } from "../archive-input.js";
import { recordImage } from "../image-finder.js";
import type { Session } from "../session.js";

type LoadCommand = Extract<StoreCommand, { kind: "load" }>;

/** `tsbuild load`: the images of a docker or OCI archive, into the store. */
export async function runLoad({ input, quiet }: LoadCommand, session: Session): Promise<number> {
  const { io, store, platform } = session;
  const bytes = await readArchiveInput(input, "load", io);
  const directory = await mkdtemp(join(store.work, "load-"));
  const images = await readImageArchive(bytes, directory, platform);
  for (const image of images) {
    const lines = await loadImage(image, session);
    if (!quiet) for (const line of lines) io.out.write(`Loaded image${line}\n`);
  }
  return 0;
}

async function loadImage(image: ArchivedImage, session: Session): Promise<readonly string[]> {
  const { config, manifest, index, open: openLayer } = image;
  const { io, store } = session;
  const names = image.names.map(parseReference).map(familiarReference);
  const source = { open: openLayer };
  const name = names[0] ?? config.descriptor.digest;
  if (index !== undefined) {
    await loadIndex(index, { name, names, source }, session);
  } else {
    const ingest = { name, manifest: manifest.value, config: config.value, source };
    await ingestImage(store, ingest, io.signal);
    await recordImage(store, { config, manifest }, names);
  }
  const id = index?.root.descriptor.digest ?? config.descriptor.digest;
  return names.length === 0 ? [` ID: ${id}`] : names.map((one) => `: ${one}`);
}

interface Naming {
  readonly name: string;
  readonly names: readonly string[];
  readonly source: BlobSource;
}

/** The images for all platforms, and the blobs that the index leads to, whatever form layers have here. */
async function loadIndex(
  index: PackedRoot,
  { name, names, source }: Naming,
  { io, store }: Session,
): Promise<void> {
  for (const { manifest, config, layers } of index.images) {
    const document = parseDocument(manifest.bytes, manifest.descriptor.mediaType);
    if (document.kind !== "manifest") throw new Error("an index lists manifests");
    if (!isAttestation(manifest.descriptor)) {
      const value = parseImageConfig(config.bytes);
      const image = { name, manifest: document.manifest, config: value, source };
      await ingestImage(store, image, io.signal);
    }
    for (const { descriptor, open: openLayer } of layers) {
      await store.blobs.write(openLayer(), descriptor, io.signal);
    }
  }
  await keepDocuments(index, store);
  const { descriptor } = index.root;
  const record = { id: descriptor.digest, manifest: descriptor, createdAt: Date.now() };
  await store.images.put(record, names);
}
