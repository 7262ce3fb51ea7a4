import { hexOf } from "../../oci/digest.js";
import { familiarReference, parseReference, type Reference } from "../../oci/reference.js";
import type { ListedImage } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../command.js";
import type { Io } from "../io.js";
import { formatAge, formatSize, formatTable } from "./table.js";

type ImagesCommand = Extract<StoreCommand, { kind: "images" }>;

interface Row {
  readonly repository: string;
  readonly tag: string;
  readonly id: string;
  readonly createdAt: number;
  readonly size: number;
}

/** `tsbuild images`: what the store knows by name, newest first, then what has lost its name. */
export async function runImages(command: ImagesCommand, store: Store, io: Io): Promise<number> {
  const rows: Row[] = [];
  for (const image of store.images.list()) {
    if (matches(image, command.filter)) rows.push(await describe(image, store));
  }
  rows.sort((a, b) => b.createdAt - a.createdAt);
  const shortId = (id: string): string => (command.noTrunc ? id : id.slice("sha256:".length, 19));
  if (command.quiet) {
    for (const id of new Set(rows.map((row) => shortId(row.id)))) io.out.write(`${id}\n`);
    return 0;
  }
  const lines = rows.map((row) => [
    row.repository,
    row.tag,
    shortId(row.id),
    formatAge(row.createdAt, Date.now()),
    formatSize(row.size),
  ]);
  io.out.write(formatTable([["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"], ...lines]));
  return 0;
}

/** `images web` lists all tags of that repository, `images web:1` one. */
function matches({ name }: ListedImage, filter: string | undefined): boolean {
  if (filter === undefined) return true;
  if (name === undefined) return false;
  const [found, want] = [parseReference(name), parseReference(filter)];
  const sameRepository = found.registry === want.registry && found.repository === want.repository;
  const anyTag = !/:[^/]+$/.test(filter);
  return sameRepository && (anyTag || want.tag === found.tag);
}

async function describe({ name, record }: ListedImage, store: Store): Promise<Row> {
  const config = await store.images.config(record);
  let size = 0;
  for (const diffId of config.rootfs.diff_ids) {
    size += (await store.layers.findByDiffId(diffId))?.size ?? 0;
  }
  const createdAt = config.created === undefined ? record.createdAt : Date.parse(config.created);
  return { ...nameParts(name), id: `sha256:${hexOf(record.id)}`, createdAt, size };
}

function nameParts(name: string | undefined): Pick<Row, "repository" | "tag"> {
  if (name === undefined) return { repository: "<none>", tag: "<none>" };
  const { registry, repository, tag }: Reference = parseReference(name);
  return { repository: familiarReference({ registry, repository }), tag: tag ?? "<none>" };
}
