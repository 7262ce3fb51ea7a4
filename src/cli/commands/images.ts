import { formatBytes } from "../../progress/format.js";
import type { ListedImage } from "../../store/images.js";
import type { Store } from "../../store/store.js";
import type { StoreCommand } from "../store-command.js";
import { formatAge, formatTime } from "../format/age.js";
import { formatRows, type Row } from "../format/rows.js";
import type { Io } from "../io.js";
import { createdAt, nameParts, NONE, shownId, sizeOf } from "./image-fields.js";
import { imageTest, type FilteredImage } from "./image-filters.js";

type ImagesCommand = Extract<StoreCommand, { kind: "images" }>;

const headers = {
  ID: "IMAGE ID",
  Repository: "REPOSITORY",
  Tag: "TAG",
  Digest: "DIGEST",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  Size: "SIZE",
};
type Field = keyof typeof headers;

/** `tsbuild images`: what the store knows by name, newest first, then what has lost its name. */
export async function runImages(command: ImagesCommand, store: Store, io: Io): Promise<number> {
  const accepts = await imageTest(command, store);
  const images: FilteredImage[] = [];
  for (const listed of listedBy(command, store)) {
    const image = await describe(listed, store);
    if (accepts(image)) images.push(image);
  }
  images.sort((a, b) => b.createdAt - a.createdAt);
  if (command.quiet) {
    const ids = new Set(images.map(({ record }) => shownId(record.id, command.noTrunc)));
    for (const id of ids) io.out.write(`${id}\n`);
    return 0;
  }
  const columns = columnsOf(command);
  const rows = images.map((image) => rowOf(image, { command, store }));
  io.out.write(formatRows(rows, { format: command.format, headers, columns }));
  return 0;
}

/** What builds pulled for other platforms than this machine's is shown only when all is, by its name. */
function listedBy({ all }: ImagesCommand, { images }: Store): readonly ListedImage[] {
  const aside = images.namesAside();
  return images.list().flatMap((listed) => {
    const name = listed.name ?? aside.get(listed.record.id);
    return all || name === listed.name ? [{ ...listed, name }] : [];
  });
}

function columnsOf({ digests }: ImagesCommand): readonly Field[] {
  const digest: readonly Field[] = digests ? ["Digest"] : [];
  return ["Repository", "Tag", ...digest, "ID", "CreatedSince", "Size"];
}

async function describe({ name, record }: ListedImage, { images }: Store): Promise<FilteredImage> {
  const config = await images.config(record);
  return { name, record, config, createdAt: createdAt(config, record) };
}

function rowOf(
  { name, record, config, createdAt: time }: FilteredImage,
  { command, store }: { readonly command: ImagesCommand; readonly store: Store },
): Row<Field> {
  const { repository, tag } = nameParts(name);
  return {
    ID: shownId(record.id, command.noTrunc),
    Repository: repository,
    Tag: tag,
    Digest: record.manifest?.digest ?? NONE,
    CreatedSince: formatAge(time, Date.now()),
    CreatedAt: formatTime(time),
    Size: formatBytes(sizeOf(config, store)),
  };
}
