import type { Board } from "../../builder/board.js";
import { parseDocument } from "../../oci/image-json.js";
import { formatReference, type Reference } from "../../oci/reference.js";
import type { PackedImage, PackedRoot } from "../../output/packed-image.js";
import { pushImage } from "../../output/push-image.js";
import type { RegistryClient } from "../../registry/registry-client.js";
import { layerProgress } from "../commands/layer-progress.js";
import type { Combined, Part } from "./combine.js";
import type { Repository } from "./source.js";

/** How to send. */
export interface Sending {
  readonly registry: RegistryClient;
  readonly board: Board;
  readonly signal: AbortSignal;
}

/** Puts a combined image under a name, with all that its repository lacks. */
export async function pushCombined(
  { root, parts }: Combined,
  reference: Reference,
  { registry, board, signal }: Sending,
): Promise<void> {
  const vertex = board.declare(`pushing ${formatReference(reference)}`);
  const push = async (): Promise<void> => {
    const from = new Map<string, Repository>();
    const images: PackedImage[] = [];
    for (const part of parts) {
      if (isSame(part.source.repository, reference)) continue; // it lies there
      const image = await pack(part);
      images.push(image);
      const { repository } = part.source;
      if (repository?.registry !== reference.registry) continue;
      for (const { descriptor } of [image.config, ...image.layers])
        from.set(descriptor.digest, repository);
    }
    const packed: PackedRoot = { root, images };
    const sources = {
      find: (digest: string) => from.get(digest)?.repository,
      remember: () => Promise.resolve(), // these are no layers of the store
    };
    const progress = layerProgress(board, vertex);
    await pushImage(packed, reference, { target: registry, sources, progress, signal });
  };
  await board.during(vertex, push, signal);
}

/** A manifest with all that it names. */
async function pack({ descriptor, source }: Part): Promise<PackedImage> {
  const bytes = await source.read(descriptor);
  const document = parseDocument(bytes, descriptor.mediaType);
  if (document.kind !== "manifest") throw new Error(`${descriptor.digest} is an index in an index`);
  const { config, layers } = document.manifest;
  return {
    manifest: { descriptor, bytes },
    config: { descriptor: config, bytes: await source.read(config) },
    layers: layers.map((layer) => ({ descriptor: layer, open: () => source.open(layer) })),
  };
}

function isSame(a: Repository | undefined, b: Repository): boolean {
  return a?.registry === b.registry && a.repository === b.repository;
}
