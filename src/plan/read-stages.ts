import { BuildError, locate, type Span } from "../error.js";
import type { Platform } from "../oci/platform.js";
import { parseReference } from "../oci/reference.js";
import type { From, Instruction } from "../parser/instruction.js";
import { readImage, readPlatform } from "./from-line.js";
import { findNamedContext } from "./named-context.js";
import type { Setting } from "./setting.js";
import type { Stage, StageBase } from "./stage.js";

/** A FROM and the instructions up to the next one. */
export interface Section {
  readonly from: From;
  readonly instructions: readonly Instruction[];
}

/** Reads every FROM line of the file: names, bases and platforms (S01, S02, S06, S07). */
export function readStages(sections: readonly Section[], setting: Setting): readonly Stage[] {
  const stages: Stage[] = [];
  for (const section of sections) stages.push(readStage(section, stages, setting));
  return stages;
}

function readStage(
  { from, instructions }: Section,
  earlier: readonly Stage[],
  setting: Setting,
): Stage {
  const { options } = setting;
  const index = earlier.length;
  const name = from.name?.text.toLowerCase() ?? `stage-${index}`;
  const image = readImage(from, setting);
  const want = { platform: readPlatform(from, setting), at: from.image.at };
  const replacement = from.name && namedBase(name, want, options);
  const base = replacement ?? stageBase(image, want, earlier) ?? imageBase(image, want, options);
  return {
    index,
    name,
    from,
    base,
    platform: base.kind === "stage" ? base.stage.platform : want.platform,
    isReplaced: replacement !== undefined,
    instructions: replacement === undefined ? instructions : [],
  };
}

interface Want {
  readonly platform: Platform;
  readonly at: Span;
}

/** Of two stages with one name the later one counts. Unlike --from and --target, FROM looks at case (S02). */
function stageBase(image: string, { at }: Want, earlier: readonly Stage[]): StageBase | undefined {
  const stage = findStage(image, earlier);
  if (stage === undefined || stage.name === image) return stage && { kind: "stage", stage };
  throw new BuildError("STAGE", `Cannot start a stage from "${image}": no image has such a name`, {
    at,
    hint: `FROM knows stages by their names in lower case: FROM ${stage.name}`,
  });
}

/** The last of `stages` that is called `name` after AS, ignoring case (S03). */
export function findStage(name: string, stages: readonly Stage[]): Stage | undefined {
  const wanted = name.toLowerCase();
  return stages.findLast((stage) => stage.name === wanted && stage.from.name !== undefined);
}

function namedBase(
  name: string,
  want: Want,
  { namedContexts }: Setting["options"],
): StageBase | undefined {
  const found = findNamedContext(name, want.platform, namedContexts);
  if (found === undefined) return undefined;
  const { context } = found;
  if (context.kind === "directory") return { kind: "directory", name: found.name };
  if (context.reference === "scratch") return { kind: "scratch" };
  return { kind: "image", request: { reference: context.reference, ...want } };
}

function imageBase(image: string, want: Want, options: Setting["options"]): StageBase {
  if (image === "scratch") return { kind: "scratch" };
  checkReference(image, want.at); // a named context does not stand in for what is not a name
  const named = namedBase(image, want, options);
  return named ?? { kind: "image", request: { reference: image, ...want } };
}

/** Throws, pointing at `at`, unless `text` can name an image. */
export function checkReference(text: string, at: Span): void {
  try {
    parseReference(text);
  } catch (error) {
    throw locate(error, at);
  }
}
