import { annotationKeys, type Descriptor } from "../../oci/descriptor.js";
import { parseDocument, parseImageConfig } from "../../oci/image-json.js";
import type { Index } from "../../oci/image.js";
import { formatPlatform, normalizePlatform } from "../../oci/platform.js";
import { formatReference, parseReference } from "../../oci/reference.js";
import { isAttestation } from "../../oci/select-platform.js";
import { formatColumns } from "../format/columns.js";
import { Template } from "../format/template.js";
import { struct } from "../format/template-value.js";
import { goStruct } from "./go-struct.js";
import { predicates, readStatements } from "./statements.js";
import type { Source } from "./source.js";

/** What `imagetools inspect` prints: buildx's list, or what a template makes of it. */
export async function describeImage(
  name: string,
  source: Source,
  format: string | undefined,
): Promise<string> {
  if (format === undefined || /^\s*\{\{\s*\.Manifest\s*\}\}\s*$/.test(format)) {
    return listing(name, source);
  }
  const json = (value: unknown): string => JSON.stringify(value ?? null, undefined, 2);
  return `${new Template(format).render(await dataOf(name, source, format), { json })}\n`;
}

function documentOf({ root }: Source) {
  return parseDocument(root.bytes, root.descriptor.mediaType);
}

/** In the columns of buildx, blanks at the ends of lines included. */
function listing(name: string, source: Source): string {
  const { mediaType, digest } = source.root.descriptor;
  const shown = source.repository === undefined ? name : formatReference(parseReference(name));
  const head = [
    ["Name:", shown],
    ["MediaType:", mediaType],
    ["Digest:", digest],
  ];
  const document = documentOf(source);
  if (document.kind === "manifest") return formatColumns(head, 1);
  const { manifests } = document.index;
  const isNoted = manifests.some(({ annotations }) => annotations !== undefined);
  const width = "  MediaType: ".length + (isNoted ? 2 : 0);
  const base = shown.replace(/@.*$/, "");
  const each = manifests.map((one) => manifestLines(base, one, width));
  const between = `${" ".repeat(width)}\n`;
  const listed = each.map((lines) => lines.map((line) => `${line}\n`).join("")).join(between);
  return `${formatColumns([...head, ["", ""], ["Manifests:", ""]], 1)}${listed}`;
}

function manifestLines(
  base: string,
  { digest, mediaType, platform, annotations }: Descriptor,
  width: number,
): readonly string[] {
  const version = platform?.["os.version"];
  const line = (label: string, value: string): string => `  ${label}`.padEnd(width) + value;
  return [
    line("Name:", `${base}@${digest}`),
    line("MediaType:", mediaType),
    ...(platform === undefined ? [] : [line("Platform:", formatPlatform(platform))]),
    ...(version === undefined ? [] : [line("OSVersion:", version)]),
    ...(annotations === undefined ? [] : [line("Annotations:", "")]),
    ...noteLines(annotations ?? {}),
  ];
}

function noteLines(annotations: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(annotations).map(([key, value]) => [`    ${key}:`, value]);
  return formatColumns(rows, 1).split("\n").slice(0, -1);
}

/** The fields of a template. What it does not name is not fetched. */
async function dataOf(name: string, source: Source, format: string): Promise<unknown> {
  const { descriptor } = source.root;
  const document = documentOf(source);
  const { digest, size } = descriptor;
  const index = document.kind === "index" ? document.index : undefined;
  const manifest = index === undefined ? descriptor : described(index, { digest, size });
  const all = /\bjson\s+\.\s*\}\}/.test(format);
  const image = all || format.includes(".Image") ? await imagesOf(source) : undefined;
  const provenance = format.includes(".Provenance")
    ? await saidOf(source, predicates.provenance)
    : {};
  const sbom = format.includes(".SBOM") ? await saidOf(source, predicates.sbom) : {};
  const fields = { name, manifest: goStruct(manifest), image };
  return struct(fields, {
    Name: name,
    Manifest: fields.manifest,
    Image: image,
    Provenance: provenance,
    SBOM: sbom,
  });
}

function described(
  { schemaVersion, mediaType, ...index }: Index,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
): object {
  return { schemaVersion, mediaType, digest, size, ...index };
}

/** The config; of an index the configs by platform. */
async function imagesOf(source: Source): Promise<unknown> {
  const document = documentOf(source);
  if (document.kind === "manifest") return await configOf(document.manifest.config, source);
  const configs: Record<string, unknown> = {};
  for (const descriptor of document.index.manifests) {
    if (isAttestation(descriptor)) continue;
    const child = parseDocument(await source.read(descriptor), descriptor.mediaType);
    if (child.kind === "manifest")
      configs[platformName(descriptor)] = await configOf(child.manifest.config, source);
  }
  return configs;
}

function platformName({ platform, digest }: Descriptor): string {
  return platform === undefined ? digest : formatPlatform(normalizePlatform(platform));
}

async function configOf(descriptor: Descriptor, source: Source): Promise<unknown> {
  return goStruct(parseImageConfig(await source.read(descriptor)));
}

/** What attestations of a kind say; of several images by platform. */
async function saidOf(source: Source, predicate: RegExp): Promise<unknown> {
  const document = documentOf(source);
  if (document.kind === "manifest") return {};
  const { manifests } = document.index;
  const images = manifests.filter((descriptor) => !isAttestation(descriptor));
  const said: Record<string, unknown> = {};
  for (const descriptor of manifests.filter(isAttestation)) {
    const about = images.find(
      ({ digest }) => digest === descriptor.annotations?.[annotationKeys.attestedDigest],
    );
    const found = await readStatements(descriptor, source, predicate);
    if (about !== undefined && found !== undefined) said[platformName(about)] = found;
  }
  return images.length === 1 ? (Object.values(said)[0] ?? {}) : said;
}
