import { basename } from "node:path";
import { BuildError } from "../../error.js";
import { decompressed, sniffed } from "../../oci/compression.js";
import { mediaTypes } from "../../oci/descriptor.js";
import type { RuntimeConfig } from "../../oci/image.js";
import { parsePlatform, type Platform } from "../../oci/platform.js";
import { parseReference } from "../../oci/reference.js";
import { storedConfig } from "../../output/packed-image.js";
import { isHttpUrl } from "../../plan/remote-source.js";
import type { LayerRecord } from "../../store/layers.js";
import { openDownloads } from "../build/remotes.js";
import { readArchiveInput } from "../archive-input.js";
import type { StoreCommand } from "../store-command.js";
import type { Session } from "../session.js";
import { changedConfig } from "./changed-config.js";

type ImportCommand = Extract<StoreCommand, { kind: "import" }>;
type Bytes = AsyncIterable<Uint8Array>;

/** `tsbuild import FILE|URL|- [NAME]`: an image of one layer; prints its id. */
export async function runImport(command: ImportCommand, session: Session): Promise<number> {
  const { io, store } = session;
  if (command.name !== undefined) checkName(command.name);
  const platform =
    command.platform === undefined ? session.platform : parsePlatform(command.platform);
  const config = changedConfig(command.changes, platform);
  const layer = await importLayer(await openSource(command.source, session), session);
  const stored = storedConfig(imageConfig(command, { config, platform, layer }));
  await store.blobs.writeWhole(stored.bytes);
  const record = { id: stored.descriptor.digest, createdAt: Date.now(), built: true };
  await store.images.put(record, command.name === undefined ? [] : [command.name]);
  io.out.write(`${record.id}\n`);
  return 0;
}

function checkName(name: string): void {
  if (parseReference(name).digest === undefined) return;
  throw new BuildError("USAGE", `Cannot import as "${name}": a new image has no digest yet`);
}

interface Parts {
  readonly config: RuntimeConfig;
  readonly platform: Platform;
  readonly layer: LayerRecord;
}

function imageConfig({ source, message }: ImportCommand, { config, platform, layer }: Parts) {
  const created = new Date().toISOString();
  const shown = URL.canParse(source) ? "a URL" : source === "-" ? source : basename(source);
  const comment = message ?? `Imported from ${shown}`;
  const rootfs = { type: "layers", diff_ids: [layer.diffId] } as const;
  return { created, ...platform, config, rootfs, history: [{ created, comment }] };
}

async function openSource(source: string, session: Session): Promise<Bytes> {
  const { io, store } = session;
  if (!isHttpUrl(source)) {
    return await readArchiveInput(source === "-" ? undefined : source, "import", io);
  }
  const { downloads, transport } = await openDownloads(session, () => Promise.resolve(undefined));
  try {
    const { digest } = await downloads.get({ url: source, checksum: undefined }, io.signal);
    return store.blobs.read(digest);
  } finally {
    transport.close();
  }
}

/** The archive as it came is what the layer is, as with a pulled one. */
async function importLayer(bytes: Bytes, { store, io }: Session): Promise<LayerRecord> {
  const { format, all } = await sniffed(bytes);
  const types = { gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd, plain: mediaTypes.layer };
  const isLayer = format === "gzip" || format === "zstd" || format === "plain";
  const mediaType = isLayer ? types[format] : mediaTypes.layer;
  const blob = await store.blobs.write(isLayer ? all : decompressed(all), undefined, io.signal);
  const tar = decompressed(store.blobs.read(blob.digest));
  await using draft = await store.snapshotter.ingestTar(tar, io.signal);
  store.layerBytes.keepOriginal(draft.measure.diffId, { mediaType, ...blob });
  return await store.layers.adopt(draft, { origin: "pulled" }, io.signal);
}
