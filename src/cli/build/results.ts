import { resolve } from "node:path";
import { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { BuildRecorder } from "../../progress/history/recorder.js";
import { parseReference, formatReference } from "../../oci/reference.js";
import { removeFile, writeWhole } from "../../output/write-whole.js";
import type { Warning } from "../../parser/instruction.js";
import { RULES, ruleUrl } from "../../parser/lint-rules.js";
import type { OutputSpec } from "../args/output.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import type { Attesting, BuildSummary } from "./exporting.js";

type ResultFiles = Pick<BuildCommand, "iidFile" | "metadataFile">;

/** An id file of an earlier build must not survive a failing one (F13), nor be asked of no image. */
export async function prepareResults(
  { iidFile, outputs }: Pick<BuildCommand, "iidFile" | "outputs">,
  { cwd }: Io,
): Promise<void> {
  if (iidFile === undefined) return;
  const isImage = ({ type }: OutputSpec): boolean => !withoutImage.has(type);
  if (outputs.length > 0 && !outputs.some(isImage)) {
    throw new BuildError(
      "USAGE",
      `Cannot write --iidfile "${iidFile}": the output is not an image`,
    );
  }
  await removeFile(resolve(cwd, iidFile));
}

/** The config's digest; of several images that of their index, as in buildx. */
export function imageId({ config, manifest }: BuildSummary): string | undefined {
  return (config ?? manifest)?.digest;
}

const withoutImage: ReadonlySet<OutputSpec["type"]> = new Set(["cacheonly", "local", "tar"]);

/** Writes --iidfile and --metadata-file. */
export async function writeResults(
  { iidFile, metadataFile }: ResultFiles,
  { warnings, record, provenance, ...summary }: BuildSummary & Findings,
  io: Io,
): Promise<void> {
  const id = imageId(summary);
  if (iidFile !== undefined && id !== undefined) {
    await writeWhole(resolve(io.cwd, iidFile), id, { mode: 0o666 & ~io.umask });
  }
  if (metadataFile === undefined) return;
  const isAsked = parseGoBoolean(io.env["BUILDX_METADATA_WARNINGS"] ?? "") === true;
  const found = isAsked ? { "buildx.build.warnings": await warningsJson(warnings) } : {};
  const steps = { "tsbuild.build.id": record.id, "tsbuild.build.steps": record.steps };
  await writeMetadata(
    metadataFile,
    { ...found, ...provenance, ...metadataOf(summary), ...steps },
    io,
  );
}

/** What there is to say of a build besides what it made. */
export interface Findings {
  readonly warnings: readonly Warning[];
  readonly provenance?: Attesting["metadata"] | undefined;
  readonly record: Pick<BuildRecorder, "id" | "steps">;
}

/** Writes --metadata-file whole, or not at all. */
export async function writeMetadata(path: string, metadata: object, io: Io): Promise<void> {
  const text = `${JSON.stringify(metadata, undefined, 2)}\n`;
  await writeWhole(resolve(io.cwd, path), text, { mode: 0o666 & ~io.umask });
}

/** Findings, with what their rules are for. */
async function warningsJson(warnings: readonly Warning[]): Promise<readonly object[]> {
  const { warningJson } = await import("../../progress/warning-json.js");
  return warnings.map((warning) => ({
    ...warningJson(warning),
    detail: [Buffer.from(RULES[warning.rule].description).toString("base64")],
    url: ruleUrl(warning.rule),
  }));
}

/** The keys of `docker buildx build --metadata-file` that apply (F16). */
function metadataOf({ config, manifest, names }: BuildSummary): Readonly<Record<string, unknown>> {
  const descriptor = manifest ?? config;
  return {
    ...(config === undefined ? {} : { "containerimage.config.digest": config.digest }),
    ...(descriptor === undefined
      ? {}
      : { "containerimage.descriptor": descriptor, "containerimage.digest": descriptor.digest }),
    ...(names.length === 0
      ? {}
      : { "image.name": names.map((name) => formatReference(parseReference(name))).join(",") }),
  };
}
