import { BuildError, type BuildErrorCode } from "../error.js";
import type { ImageConfig, RuntimeConfig } from "../oci/image.js";
import { apply } from "./apply.js";
import type { Draft } from "./draft.js";
import type { Node } from "./graph.js";
import { lintInstruction } from "./lint-instruction.js";
import type { ImageRequest } from "./plan.js";
import type { Setting } from "./setting.js";
import { sortedRecord } from "./sorted-record.js";
import type { Stage } from "./stage.js";
import { startStage } from "./start-stage.js";

interface Drafting {
  readonly setting: Setting;
  readonly stages: readonly Stage[];
  readonly images: ReadonlyMap<string, ImageConfig>;
  readonly needed: ReadonlySet<Stage>;
  readonly requests: ImageRequest[];
}

/** Applies every instruction of every stage, needed or not, so that errors anywhere are found. */
export function draftStages(nodes: readonly Node[], drafting: Drafting): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const node of nodes) drafts.push(draftStage(node, { ...drafting, drafts }));
  return drafts;
}

function draftStage(
  { stage, triggers }: Node,
  { needed, requests, ...surroundings }: Drafting & { readonly drafts: readonly Draft[] },
): Draft {
  const isNeeded = needed.has(stage);
  const setting = { ...surroundings.setting, ...(isNeeded ? {} : { warn: () => undefined }) };
  const draft = startStage(stage, { ...surroundings, setting });
  const program = [
    ...triggers.map((instruction) => ({ instruction, triggered: true })),
    ...stage.instructions.map((instruction) => ({ instruction, triggered: false })),
  ];
  for (const { instruction, triggered } of program) {
    draft.triggered = triggered;
    applyWhere(isNeeded, () => {
      lintInstruction(draft, instruction);
      apply(draft, instruction, requests);
    });
    draft.given.set(instruction.kind, instruction);
  }
  draft.config = { ...draft.config, ...finished(draft) };
  return draft;
}

/** What was collected while the stage was drafted. */
function finished({
  labels,
  ports,
  variables,
  volumes,
}: Draft): Pick<RuntimeConfig, "Env" | "ExposedPorts" | "Labels" | "Volumes"> {
  return {
    Env: variables.entries,
    ...(ports === undefined ? {} : { ExposedPorts: sortedRecord(ports) }),
    ...(volumes === undefined ? {} : { Volumes: sortedRecord(volumes) }),
    ...(labels === undefined ? {} : { Labels: sortedRecord(labels) }),
  };
}

/** What this engine cannot do yet, and a variable that must be set, count only in a stage that is built. */
function applyWhere(isNeeded: boolean, action: () => void): void {
  try {
    action();
  } catch (error) {
    const counts = isNeeded || !(error instanceof BuildError) || !harmless.has(error.code);
    if (counts) throw error;
  }
}

const harmless: ReadonlySet<BuildErrorCode> = new Set(["UNSET_VARIABLE", "UNSUPPORTED"]);
