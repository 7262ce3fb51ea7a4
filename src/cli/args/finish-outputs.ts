import { BuildError } from "../../error.js";
import type { Annotation } from "./annotation.js";
import { intoStore, usualForm, withoutAnnotations, type OutputSpec } from "./output.js";

/** Flags that change the outputs, or stand for one. */
export interface OutputFlags {
  readonly push: boolean;
  readonly load: boolean;
  readonly annotations: readonly Annotation[];
}

/** The outputs with `--push`, `--load` and `--annotation` (F03, F15, F25). */
export function finishOutputs(
  outputs: readonly OutputSpec[],
  { push, load, annotations }: OutputFlags,
): readonly OutputSpec[] {
  const pushed = push ? withPush(outputs) : outputs;
  const loaded = load ? withLoad(pushed) : pushed;
  return annotations.length === 0 ? loaded : withAnnotations(loaded, annotations);
}

function withPush(outputs: readonly OutputSpec[]): readonly OutputSpec[] {
  if (!outputs.some(({ type }) => type === "image"))
    return [...outputs, { ...intoStore, push: true }];
  return outputs.map((output) => (output.type === "image" ? { ...output, push: true } : output));
}

function withLoad(outputs: readonly OutputSpec[]): readonly OutputSpec[] {
  const loads = outputs.some((output) => output.type === "docker" && output.dest === undefined);
  return loads ? outputs : [...outputs, { ...usualForm, type: "docker", dest: undefined }];
}

function withAnnotations(
  outputs: readonly OutputSpec[],
  annotations: readonly Annotation[],
): readonly OutputSpec[] {
  const all = outputs.length === 0 ? [intoStore] : outputs;
  if (!all.some((output) => "annotations" in output)) {
    throw new BuildError("USAGE", "Cannot use --annotation: no output is an image");
  }
  return all.map((output) => {
    if (!("annotations" in output)) return output;
    if (output.mediaTypes === "docker") {
      throw new BuildError("USAGE", `Cannot use --annotation with ${withoutAnnotations}`);
    }
    return { ...output, annotations: [...output.annotations, ...annotations] };
  });
}
