import { BuildError } from "../../error.js";
import { familiarReference, parseReference } from "../../oci/reference.js";
import type { ImageRecord } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";

type InspectCommand = Extract<StoreCommand, { kind: "inspect" }>;

/**
 * `tsbuild inspect NAME…`: a JSON array in Docker's form. What is not there is told at the end, after
 * the rest was printed.
 */
export async function runInspect(command: InspectCommand, store: Store, io: Io): Promise<number> {
  const found: unknown[] = [];
  const missing: string[] = [];
  for (const name of command.names) {
    const record = store.images.find(name);
    if (record === undefined) missing.push(name);
    else found.push(await describe(record, store));
  }
  io.out.write(`${JSON.stringify(found, undefined, 4)}\n`);
  if (missing.length === 0) return 0;
  throw new BuildError(
    "IMAGE_NOT_FOUND",
    `Cannot find ${missing.map((name) => `"${name}"`).join(", ")} in the store`,
  );
}

async function describe(record: ImageRecord, store: Store): Promise<unknown> {
  const config = await store.images.config(record);
  const names = store.images.namesOf(record.id).map(parseReference);
  let size = 0;
  for (const diffId of config.rootfs.diff_ids) {
    size += (await store.layers.findByDiffId(diffId))?.size ?? 0;
  }
  const digest = record.manifest?.digest;
  const repositories = names.map(({ registry, repository }) =>
    familiarReference({ registry, repository }),
  );
  return {
    Id: record.id,
    RepoTags: names.filter(({ tag }) => tag !== undefined).map(familiarReference),
    RepoDigests:
      digest === undefined ? [] : [...new Set(repositories)].map((name) => `${name}@${digest}`),
    Comment: config.history?.at(-1)?.comment ?? "",
    Created: config.created,
    Author: config.author ?? "",
    Config: config.config ?? {},
    Architecture: config.architecture,
    Variant: config.variant,
    Os: config.os,
    Size: size,
    RootFS: { Type: "layers", Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: new Date(record.createdAt).toISOString() },
  };
}
