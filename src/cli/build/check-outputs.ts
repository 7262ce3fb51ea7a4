import { relative, resolve } from "node:path";
import { BuildError } from "../../error.js";
import { parseReference } from "../../oci/reference.js";
import type { ImageTarget, OutputSpec } from "../args/output.js";
import type { Attestations } from "../args/attest.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";

/** Refuses outputs that cannot work, before anything is built. */
export function checkOutputs(
  { outputs, tags, allow }: Pick<BuildCommand, "allow" | "outputs" | "tags">,
  { cwd }: Pick<Io, "cwd">,
): void {
  checkFiles(outputs.flatMap(fileOf), cwd);
  for (const output of outputs) checkOutput(output, { tags, allow, cwd });
}

/** What makes an index of an image. */
export interface IndexWish {
  /** Several platforms, or BUILDKIT_MULTI_PLATFORM. */
  readonly split: boolean;
  /** The flag by which something is beside the images. */
  readonly attested: "--provenance" | "--sbom" | undefined;
}

/** The flag by which something must be beside the images; undefined where there is none. */
export function attestedBy({ provenance, sbom }: Attestations): IndexWish["attested"] {
  if (sbom !== undefined) return "--sbom";
  return provenance === undefined || provenance.inlineOnly ? undefined : "--provenance";
}

/** Refuses outputs of which one wants an index where there is none, or cannot hold the one there is. */
export function checkIndexOutputs(
  outputs: readonly OutputSpec[],
  { split, attested }: IndexWish,
): void {
  const isIndexed = split || attested !== undefined;
  for (const output of outputs) {
    if (output.type === "docker" && isIndexed) {
      const message =
        "Cannot use --load or type=docker: docker exporter does not support exporting manifest lists, use the oci exporter instead";
      const hint = split ? "or build for one platform at a time" : `or leave out ${attested ?? ""}`;
      throw new BuildError("USAGE", message, { hint });
    }
    if ("mediaTypes" in output && output.mediaTypes === "docker" && attested !== undefined) {
      const message = `Cannot use ${attested} with oci-mediatypes=false: it has OCI media types`;
      throw new BuildError("USAGE", message);
    }
    const annotations = "annotations" in output ? output.annotations : [];
    const ofIndex = annotations.find(({ place }) => place.startsWith("index"));
    if (ofIndex === undefined || isIndexed) continue;
    const message = `Cannot annotate "${ofIndex.key}": index annotations not supported for single platform export`;
    throw new BuildError("USAGE", message, {
      hint: "--build-arg BUILDKIT_MULTI_PLATFORM=1 makes an index",
    });
  }
}

/** What an output is written to as one file; "-" is standard output. */
function fileOf(output: OutputSpec): readonly string[] {
  const isFile =
    output.type === "tar" || output.type === "docker" || (output.type === "oci" && output.tar);
  return isFile && output.dest !== undefined ? [output.dest] : [];
}

/** The second would be in the place of the first. */
function checkFiles(files: readonly string[], cwd: string): void {
  const seen = new Set<string>();
  for (const file of files) {
    const path = file === "-" ? file : resolve(cwd, file);
    if (seen.size === seen.add(path).size) {
      const name = file === "-" ? "standard output" : `"${file}"`;
      throw new BuildError("USAGE", `Cannot write two outputs to ${name}`, {
        hint: "name another file with dest=",
      });
    }
  }
}

type Given = Pick<BuildCommand, "allow" | "tags"> & Pick<Io, "cwd">;

function checkOutput(output: OutputSpec, { tags, allow, cwd }: Given): void {
  switch (output.type) {
    case "cacheonly":
    case "tar":
      return;
    case "local":
      if (output.mode === "delete" && !allow.has("buildx.local.delete")) {
        checkDelete(output.dest, cwd);
      }
      return;
    case "image":
    case "oci":
    case "docker": {
      const names = tags.length > 0 ? tags : output.names;
      for (const name of names) checkName(name);
      if (output.type === "image") checkPush(output, names);
    }
  }
}

/** What it would remove could be anything, where the directory is not the build's own (O03). */
function checkDelete(dest: string, cwd: string): void {
  const path = relative(cwd, resolve(cwd, dest));
  if (path !== "" && path !== ".." && !path.startsWith("../")) return;
  const message = `Cannot use mode=delete for "${dest}": it is not below the current directory`;
  throw new BuildError("USAGE", message, { hint: "--allow buildx.local.delete gives it" });
}

/** A digest is what comes out, not what a user may choose. */
function checkName(name: string): void {
  if (parseReference(name).digest === undefined) return;
  throw new BuildError("USAGE", `Cannot name the image "${name}": a name has no digest`);
}

/** A push needs names, and without tags where it is by digest. */
function checkPush(output: ImageTarget, names: readonly string[]): void {
  if (!output.push) return;
  if (names.length === 0) {
    throw new BuildError("USAGE", "Cannot push: the image has no name", {
      hint: "give it one with --tag",
    });
  }
  const tagged = names.find((name) => /:[^/]+$/.test(name));
  if (!output.pushByDigest || tagged === undefined) return;
  const message = `Cannot push "${tagged}" by digest: the name has a tag`;
  throw new BuildError("USAGE", message, { hint: "leave out the tag" });
}
