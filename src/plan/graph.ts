import { BuildError, type Span } from "../error.js";
import type { ImageConfig } from "../oci/image.js";
import type { Instruction } from "../parser/instruction.js";
import { parseTrigger } from "../parser/parse-trigger.js";
import { readsFrom } from "./copy-from.js";
import { imageKey, type ImageRequest } from "./plan.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";

/** A stage with everything it does and everything it reads. */
export interface Node {
  readonly stage: Stage;
  /** What ONBUILD of the base adds comes first (S19); nothing while the base is not known. */
  readonly triggers: readonly Instruction[];
  readonly stages: readonly { readonly stage: Stage; readonly at: Span }[];
  /** Of FROM and of --from. */
  readonly images: readonly ImageRequest[];
}

/** Links the stages of a file by what they start from and copy from. */
export function linkStages(
  stages: readonly Stage[],
  setting: Setting,
  images: ReadonlyMap<string, ImageConfig>,
): readonly Node[] {
  return stages.map((stage) => {
    const triggers = readTriggers(stage, images);
    return { stage, triggers, ...reads(stage, triggers, { stages, setting }) };
  });
}

/** A stage that is built reads only earlier ones. */
export function checkOrder(nodes: readonly Node[], needed: ReadonlySet<Stage>): void {
  for (const node of nodes) if (needed.has(node.stage)) checkReads(node, nodes);
}

function readTriggers(
  { base, from }: Stage,
  images: ReadonlyMap<string, ImageConfig>,
): readonly Instruction[] {
  const texts =
    base.kind === "image"
      ? (images.get(imageKey(base.request))?.config?.OnBuild ?? [])
      : base.kind === "stage"
        ? base.stage.instructions.flatMap((one) => (one.kind === "onbuild" ? [one.text] : []))
        : [];
  return texts.map((text) => parseTrigger(text, from.at));
}

function reads(
  { base, instructions }: Stage,
  triggers: readonly Instruction[],
  { stages, setting }: { readonly stages: readonly Stage[]; readonly setting: Setting },
): Pick<Node, "stages" | "images"> {
  const origins = [...triggers, ...instructions].flatMap((one) => readsFrom(one, stages, setting));
  const copied = origins.flatMap((origin) =>
    origin.kind === "stage" ? [{ stage: origin.stage, at: origin.at }] : [],
  );
  const pulled = origins.flatMap((origin) => (origin.kind === "image" ? [origin.request] : []));
  return {
    stages:
      base.kind === "stage" ? [{ stage: base.stage, at: base.stage.from.at }, ...copied] : copied,
    images: base.kind === "image" ? [base.request, ...pulled] : pulled,
  };
}

function checkReads(node: Node, nodes: readonly Node[]): void {
  const { stage } = node;
  for (const read of node.stages) {
    if (read.stage.index < stage.index || read.stage.isReplaced) continue;
    const names = `Cannot use stage "${read.stage.name}" in stage "${stage.name}"`;
    const { at } = read;
    if (reachable(read.stage, nodes).has(stage)) {
      throw new BuildError("STAGE", `${names}: circular dependency`, { at });
    }
    throw new BuildError("STAGE", `${names}: it is defined only after it`, {
      at,
      hint: `move stage "${read.stage.name}" before stage "${stage.name}"`,
    });
  }
}

/** `target` and all stages that it needs. */
export function reachable(target: Stage, nodes: readonly Node[]): ReadonlySet<Stage> {
  const found = new Set([target]);
  for (const stage of found)
    for (const read of nodes[stage.index]?.stages ?? []) found.add(read.stage);
  return found;
}
