import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BuildError } from "../../error.js";
import { parsePlatform } from "../../oci/platform.js";
import { formatReference, parseReference, type Reference } from "../../oci/reference.js";
import { writeMetadata } from "../build/results.js";
import type { ImagetoolsCommand } from "../imagetools-command.js";
import { combine } from "../imagetools/combine.js";
import { describeImage } from "../imagetools/describe.js";
import { pushCombined } from "../imagetools/push.js";
import {
  openSource,
  parseSource,
  registrySource,
  type Repository,
  type SourceName,
} from "../imagetools/source.js";
import { withProgress } from "../progress.js";
import type { Session } from "../session.js";

type CreateCommand = Extract<ImagetoolsCommand, { readonly kind: "imagetools-create" }>;
type InspectCommand = Extract<ImagetoolsCommand, { readonly kind: "imagetools-inspect" }>;

/** `tsbuild imagetools create`: joins images of registries and layouts in one, where the names say (Q03). */
export async function runCreate(command: CreateCommand, session: Session): Promise<number> {
  const { io } = session;
  const tags = command.tags.map(parseReference);
  const names = (await sourceTexts(command, session)).map(parseSource);
  const registry = await session.registry();
  const looking = { registry, signal: io.signal };
  const repository = onlyRepository([...tags, ...names]);
  const sources = await Promise.all(names.map((name) => openSource(name, repository, looking)));
  const platforms = command.platforms.map((text) => parsePlatform(text, session.platform));
  const combined = await combine(sources, { ...command, platforms });
  if (command.dryRun) {
    io.out.write(`${Buffer.from(combined.root.bytes).toString("utf8")}\n`);
    return 0;
  }
  await withProgress({ ...command, quiet: false }, io, async (board) => {
    for (const tag of tags) await pushCombined(combined, tag, { ...looking, board });
  });
  if (command.metadataFile !== undefined) {
    const { descriptor } = combined.root;
    const name = tags.map(formatReference).join(",");
    const metadata = { "containerimage.descriptor": descriptor, "image.name": name };
    await writeMetadata(command.metadataFile, metadata, io);
  }
  return 0;
}

/** What is to be appended to comes first, then the files, then the words. */
async function sourceTexts(
  { append, tags, files, sources }: CreateCommand,
  { io }: Session,
): Promise<readonly string[]> {
  const read = files.map((file) => readFile(resolve(io.cwd, file), "utf8"));
  const own = append ? tags.slice(0, 1) : [];
  const all = [...own, ...(await Promise.all(read)), ...sources];
  if (all.length > 0) return all;
  throw new BuildError("USAGE", "Cannot create an image: the source is missing");
}

/** Where a digest without a name is: undefined where there are several repositories. */
function onlyRepository(names: readonly (Reference | SourceName)[]): Repository | undefined {
  const found = new Map<string, Repository>();
  for (const name of names) {
    const reference = "kind" in name ? referenceOf(name) : name;
    if (reference === undefined) continue;
    const { registry, repository } = reference;
    found.set(`${registry}/${repository}`, { registry, repository });
  }
  const [only, ...others] = found.values();
  return others.length === 0 ? only : undefined;
}

function referenceOf(name: SourceName): Reference | undefined {
  return name.kind === "reference" ? name.reference : undefined;
}

/** `tsbuild imagetools inspect NAME`: what a name of a registry or a layout leads to (Q02). */
export async function runInspect(
  { name, raw, format }: InspectCommand,
  session: Session,
): Promise<number> {
  const { io } = session;
  const looking = { registry: await session.registry(), signal: io.signal };
  const source = name.startsWith("oci-layout://")
    ? await openSource({ kind: "layout", text: name }, undefined, looking)
    : await registrySource(parseReference(name), looking);
  if (raw)
    io.out.write(source.root.bytes); // no newline, so that the digest is that of the output
  else io.out.write(await describeImage(name, source, format));
  return 0;
}
