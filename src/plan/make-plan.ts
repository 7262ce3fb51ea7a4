import { BuildError } from "../error.js";
import type { ImageConfig } from "../oci/image.js";
import type { Arg, Dockerfile, Instruction, Warning } from "../parser/instruction.js";
import { withWarnings } from "../parser/linted-error.js";
import { selectWarnings } from "../parser/select-warnings.js";
import { suggest } from "../suggest.js";
import { assemble } from "./assemble.js";
import { draftStages } from "./draft-stages.js";
import { readDefaults, readGlobalArgs } from "./global-args.js";
import { linkStages, reachable, type Node } from "./graph.js";
import { collector } from "./lint.js";
import {
  imageKey,
  type ImageRequest,
  type MakePlan,
  type Plan,
  type Planning,
  type PlanOptions,
} from "./plan.js";
import { platformArgs } from "./predefined-args.js";
import { findStage, readStages, type Section } from "./read-stages.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";
import { unusedArgs } from "./unused-args.js";

/**
 * Turns a Dockerfile into the steps that its target needs. Errors anywhere in the file count, but
 * images are asked for only where the target needs them.
 */
export const makePlan: MakePlan = (dockerfile, options, images) => {
  const found: Warning[] = [];
  const warnings = () => selectWarnings([...dockerfile.warnings, ...found], dockerfile);
  try {
    const planned = planStages({ dockerfile, options, images, found });
    if (planned.kind === "needs-images") return planned;
    return { kind: "plan", plan: { ...planned.plan, ...judged(dockerfile, warnings()) } };
  } catch (error) {
    throw withWarnings(error, warnings());
  }
};

function judged(
  { checks }: Dockerfile,
  warnings: readonly Warning[],
): Pick<Plan, "violated" | "warnings"> {
  const violated = checks.error ? [...new Set(warnings.map(({ rule }) => rule))] : [];
  return { warnings, violated };
}

interface Planned {
  readonly dockerfile: Dockerfile;
  readonly options: PlanOptions;
  readonly images: ReadonlyMap<string, ImageConfig>;
  /** Takes what is noticed on the way. */
  readonly found: Warning[];
}

function planStages({
  dockerfile,
  options,
  images,
  found,
}: Planned): Unjudged | Extract<Planning, { kind: "needs-images" }> {
  const { args, sections } = splitFile(dockerfile);
  const setting = readSetting({ dockerfile, options, args, sections, warnings: found });
  const stages = readStages(sections, setting);
  const target = findTarget(stages, options);
  const nodes = linkStages(stages, setting, images);
  const needed = options.whole === true ? new Set(stages) : reachable(target, nodes);
  const requests: ImageRequest[] = [];
  const drafts = draftStages(nodes, { setting, stages, images, needed, requests });
  const missing = missingImages(nodes, needed, images);
  if (missing.length > 0) return { kind: "needs-images", images: missing };
  const plan = assemble({ drafts, needed, target, requests, options, images });
  const unused = unusedArgs(dockerfile.instructions, nodes, options);
  return { kind: "plan", plan: { ...plan, unusedArgs: unused } };
}

/** A plan before it is known which of its findings count. */
interface Unjudged {
  readonly kind: "plan";
  readonly plan: Omit<Plan, "violated" | "warnings">;
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
  return [...new Map(missing.map((request) => [imageKey(request), request])).values()];
}
