import type { ImageConfig } from "../oci/image.js";
import type { Dockerfile } from "../parser/instruction.js";
import { draftFile } from "./draft-file.js";
import { describe } from "./describe.js";
import {
  outlineArgs,
  outlineMounts,
  type OutlinedArg,
  type OutlinedMount,
} from "./outline-args.js";
import type { NeedsImages, PlanOptions } from "./plan.js";

/** What may be given to the build of a target (`--call=outline`). */
export interface Outline {
  readonly kind: "outline";
  /** Of the target; undefined without AS. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly args: readonly OutlinedArg[];
  readonly secrets: readonly OutlinedMount[];
  readonly ssh: readonly OutlinedMount[];
}

/** Finds out what a target takes. */
export function makeOutline(
  dockerfile: Dockerfile,
  options: PlanOptions,
  images: ReadonlyMap<string, ImageConfig>,
): NeedsImages | Outline {
  const file = draftFile({ dockerfile, options, images, found: [] });
  if (file.kind === "needs-images") return file;
  const { from } = file.target;
  const name = from.name?.text.toLowerCase();
  return {
    kind: "outline",
    name,
    description: name === undefined ? undefined : describe(from, name),
    args: outlineArgs(file),
    secrets: outlineMounts(file, "secret"),
    ssh: outlineMounts(file, "ssh"),
  };
}
