import { BuildError } from "../error.js";
import type { ImageConfig } from "../oci/image.js";
import type { Arg, Dockerfile, Instruction, Warning } from "../parser/instruction.js";
import { suggest } from "../suggest.js";
import { draftStages } from "./draft-stages.js";
import type { Draft } from "./draft.js";
import { readDefaults, readGlobalArgs } from "./global-args.js";
import { checkOrder, linkStages, reachable, type Node } from "./graph.js";
import { collector } from "./lint.js";
import {
  distinctImages,
  imageKey,
  type ImageRequest,
  type NeedsImages,
  type PlanOptions,
} from "./plan.js";
import { platformArgs } from "./predefined-args.js";
import { findStage, readStages, type Section } from "./read-stages.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";

/** What planning starts from. */
export interface Drafting {
  readonly dockerfile: Dockerfile;
  readonly options: PlanOptions;
  readonly images: ReadonlyMap<string, ImageConfig>;
  /** Takes what is noticed on the way. */
  readonly found: Warning[];
}

/** Every stage of a file with all its instructions applied. */
export interface DraftedFile {
  readonly kind: "drafted";
  readonly setting: Setting;
  /** Before the first FROM. */
  readonly args: readonly Arg[];
  readonly nodes: readonly Node[];
  readonly drafts: readonly Draft[];
  readonly target: Stage;
  readonly needed: ReadonlySet<Stage>;
  /** What `Origin.image` of the drafts counts. */
  readonly requests: readonly ImageRequest[];
}

/** Applies a whole file, or names the images that must be known first. */
export function draftFile({
  dockerfile,
  options,
  images,
  found,
}: Drafting): DraftedFile | NeedsImages {
  const { args, sections } = splitFile(dockerfile);
  const setting = readSetting({ dockerfile, options, args, sections, warnings: found });
  const stages = readStages(sections, setting);
  const target = findTarget(stages, options);
  const nodes = linkStages(stages, setting, images);
  const needed = options.whole === true ? new Set(stages) : reachable(target, nodes);
  checkOrder(nodes, needed);
  const requests: ImageRequest[] = [];
  const drafts = draftStages(nodes, { setting, stages, images, needed, requests });
  const missing = missingImages(nodes, needed, images);
  if (missing.length > 0) return { kind: "needs-images", images: missing };
  return { kind: "drafted", setting, args, nodes, drafts, target, needed, requests };
}

interface File {
  readonly args: readonly Arg[];
  readonly sections: readonly Section[];
}

function splitFile({ instructions }: Dockerfile): File {
  const args: Arg[] = [];
  const sections: { from: Section["from"]; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    const section = sections.at(-1);
    if (instruction.kind === "from") sections.push({ from: instruction, instructions: [] });
    else if (section !== undefined) section.instructions.push(instruction);
    else if (instruction.kind === "arg") args.push(instruction);
  }
  return { args, sections };
}

interface Reading extends File {
  readonly dockerfile: Dockerfile;
  readonly options: PlanOptions;
  readonly warnings: Warning[];
}

function readSetting({ dockerfile, options, args, sections, warnings }: Reading): Setting {
  const { escape } = dockerfile.directives;
  const { buildArgs } = options;
  const targetStage = options.target ?? sections.at(-1)?.from.name?.text.toLowerCase() ?? "default";
  const predefined = platformArgs(options, targetStage);
  return {
    options,
    escape,
    globals: readGlobalArgs(args, { escape, buildArgs, predefined }),
    defaults: readDefaults(args, { escape, buildArgs: new Map(), predefined }),
    declared: new Set(args.flatMap(({ names }) => names.map(({ name }) => name.text))),
    warn: collector(warnings),
  };
}

/** S05: the stage that --target names, else the last one. */
function findTarget(stages: readonly Stage[], { target }: PlanOptions): Stage {
  const stage = target === undefined ? stages.at(-1) : findStage(target, stages);
  if (stage !== undefined) return stage;
  const guess = suggest(
    target ?? "",
    stages.map(({ name }) => name),
  );
  throw new BuildError("STAGE", `Cannot build target "${target ?? ""}": no such stage`, {
    hint: guess === undefined ? undefined : `did you mean "${guess}"?`,
  });
}

function missingImages(
  nodes: readonly Node[],
  needed: ReadonlySet<Stage>,
  images: ReadonlyMap<string, ImageConfig>,
): readonly ImageRequest[] {
  const missing = nodes
    .filter(({ stage }) => needed.has(stage))
    .flatMap((node) => node.images)
    .filter((request) => !images.has(imageKey(request)));
  return distinctImages(missing);
}
