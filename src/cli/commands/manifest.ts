import { BuildError } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import { normalizePlatform } from "../../oci/platform.js";
import { formatReference, parseReference, type Reference } from "../../oci/reference.js";
import { indexOf } from "../../output/packed-index.js";
import type { Table } from "../../store/database.js";
import type { Store } from "../../store/store.js";
import type { ManifestCommand } from "../manifest-command.js";
import { partsOf, type Part } from "../imagetools/combine.js";
import { pushCombined } from "../imagetools/push.js";
import { registrySource, type Sources } from "../imagetools/source.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";

/** An image of a list: as the user named it, where it lies, and what the list says of it. */
interface Entry {
  readonly name: string;
  readonly reference: Reference;
  readonly descriptor: Descriptor;
}

type Command<Kind extends ManifestCommand["kind"]> = Extract<
  ManifestCommand,
  { readonly kind: Kind }
>;

/** `tsbuild manifest`: a list of images that is made here, and pushed when it is complete. */
export async function runManifest(command: ManifestCommand, session: Session): Promise<number> {
  switch (command.kind) {
    case "manifest-create":
      return await create(command, session);
    case "manifest-annotate":
      return annotate(command, session.store);
    case "manifest-inspect":
      return await inspect(command, session);
    case "manifest-push":
      return await push(command, session);
    case "manifest-rm":
      for (const list of command.lists) entriesOf(list, session.store);
      for (const list of command.lists) lists(session.store).remove(keyOf(list));
      return 0;
  }
}

async function inspect(
  { name }: Command<"manifest-inspect">,
  { io, store, registry }: Session,
): Promise<number> {
  const entries = lists(store).get(keyOf(name));
  const found =
    entries === undefined
      ? await (await registry()).resolve(parseReference(name), io.signal)
      : rootOf(entries);
  io.out.write(`${Buffer.from(found.bytes).toString("utf8")}\n`);
  return 0;
}

async function create(
  { list, images, amend }: Command<"manifest-create">,
  session: Session,
): Promise<number> {
  const { io, store } = session;
  const known = lists(store).get(keyOf(list));
  if (known !== undefined && !amend) {
    throw new BuildError("USAGE", `Cannot create list "${list}": there is one of that name`, {
      hint: "--amend adds to it; tsbuild manifest rm forgets it",
    });
  }
  const looking = { registry: await session.registry(), signal: io.signal };
  const added = (await Promise.all(images.map((image) => find(image, looking)))).flat();
  const digests = new Set(added.map(({ descriptor }) => descriptor.digest));
  const kept = (known ?? []).filter(({ descriptor }) => !digests.has(descriptor.digest));
  lists(store).put(keyOf(list), [...kept, ...added]);
  io.out.write(`Created manifest list ${keyOf(list)}\n`);
  return 0;
}

async function find(name: string, looking: Sources): Promise<readonly Entry[]> {
  const { registry, repository } = parseReference(name);
  const parts = await partsOf(await registrySource(parseReference(name), looking));
  return parts.map(({ descriptor }) => {
    const reference = { registry, repository, digest: descriptor.digest };
    return { name: formatReference(parseReference(name)), reference, descriptor };
  });
}

function annotate({ list, image, platform }: Command<"manifest-annotate">, store: Store): number {
  const entries = entriesOf(list, store);
  const wanted = parseReference(image);
  const isMeant = ({ name, reference }: Entry): boolean =>
    name === formatReference(wanted) || reference.digest === wanted.digest;
  if (!entries.some(isMeant)) {
    throw new BuildError(
      "IMAGE_NOT_FOUND",
      `Cannot annotate "${image}": it is not in list "${list}"`,
    );
  }
  const changed = entries.map((entry) => {
    if (!isMeant(entry)) return entry;
    const { descriptor } = entry;
    const whole = { os: "linux", architecture: "amd64", ...descriptor.platform, ...platform };
    return { ...entry, descriptor: { ...descriptor, platform: normalizePlatform(whole) } };
  });
  lists(store).put(keyOf(list), changed);
  return 0;
}

async function push(
  { list, purge, ...command }: Command<"manifest-push">,
  session: Session,
): Promise<number> {
  const { io, store } = session;
  const entries = entriesOf(list, store);
  const sending = { registry: await session.registry(), signal: io.signal };
  const parts = await Promise.all(entries.map((entry) => partOf(entry, sending)));
  const root = rootOf(entries);
  await withProgress({ ...command, quiet: false }, io, async (board) => {
    await pushCombined({ root, parts }, parseReference(list), { ...sending, board });
  });
  if (purge) lists(store).remove(keyOf(list));
  io.out.write(`${root.descriptor.digest}\n`);
  return 0;
}

async function partOf({ reference, descriptor }: Entry, looking: Sources): Promise<Part> {
  return { descriptor, source: await registrySource(reference, looking) };
}

function rootOf(entries: readonly Entry[]) {
  const descriptors = entries.map(({ descriptor }) => descriptor);
  return indexOf(descriptors, { mediaTypes: "oci", annotations: {} });
}

function entriesOf(list: string, store: Store): readonly Entry[] {
  const entries = lists(store).get(keyOf(list));
  if (entries !== undefined) return entries;
  throw new BuildError("IMAGE_NOT_FOUND", `Cannot find list "${list}"`, {
    hint: "tsbuild manifest create LIST IMAGE… begins one",
  });
}

function lists({ database }: Store): Table<readonly Entry[]> {
  return database.table("manifest-lists");
}

function keyOf(list: string): string {
  return formatReference(parseReference(list));
}
