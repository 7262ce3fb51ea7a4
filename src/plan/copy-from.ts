import { BuildError, type Span } from "../error.js";
import type { Flag, Instruction, Run } from "../parser/instruction.js";
import { imageIndex } from "./image-list.js";
import { mountFrom } from "./mount-options.js";
import { findNamedContext } from "./named-context.js";
import type { ImageRequest } from "./plan.js";
import { checkReference, findStage } from "./read-stages.js";
import type { Setting } from "./setting.js";
import type { Stage } from "./stage.js";
import type { Origin } from "./origin.js";

/** What a `--from` names, with indices over the whole file. */
export type CopyFrom =
  | { readonly kind: "stage"; readonly stage: Stage }
  | { readonly kind: "image"; readonly request: ImageRequest }
  | { readonly kind: "named"; readonly name: string };

/** The `--from` of an instruction; undefined reads the build context. */
export function fromFlag(instruction: Instruction): Flag | undefined {
  if (instruction.kind !== "copy") return undefined;
  return instruction.flags.find(({ name, value }) => name === "from" && value);
}

/** What an instruction reads from: stages and images of `--from`, and of `--mount`. */
export function readsFrom(
  instruction: Instruction,
  stages: readonly Stage[],
  setting: Setting,
): readonly (CopyFrom & { readonly at: Span })[] {
  if (instruction.kind === "run") {
    return mountFroms(instruction).map((flag) => ({
      at: flag.at,
      ...resolveFrom(flag, stages, setting),
    }));
  }
  const flag = fromFlag(instruction);
  return flag === undefined ? [] : [{ at: flag.at, ...resolveCopyFrom(flag, stages, setting) }];
}

/** The `from` of each mount, but for those that mount nothing, and wrong ones: those are told later. */
function mountFroms({ flags }: Run): readonly Flag[] {
  return flags.flatMap((flag) => {
    const from = flag.name === "mount" ? mountFrom(flag.value ?? "") : undefined;
    const isNone = from === undefined || from === "scratch" || /^$|\$/.test(from);
    return isNone ? [] : [{ ...flag, value: from }];
  });
}

/** What is copied or mounted from, as a step knows it. */
export function originOf(from: CopyFrom, images: ImageRequest[]): Origin {
  switch (from.kind) {
    case "stage":
      return { kind: "stage", stage: from.stage.index };
    case "image":
      return { kind: "image", image: imageIndex(images, from.request) };
    case "named":
      return from;
  }
}

/** Resolves `--from`: a stage's name or number, a named context, or an image (C15). */
export function resolveCopyFrom(
  { value = "", ...flag }: Flag,
  stages: readonly Stage[],
  setting: Setting,
): CopyFrom {
  if (/^[+-]?\d+$/.test(value)) return numbered({ value, at: flag.at }, stages);
  return resolveFrom({ ...flag, value }, stages, setting);
}

/** Resolves the `from` of a mount, where a number is a name as any other. */
export function resolveFrom(
  { value = "", at }: Flag,
  stages: readonly Stage[],
  { options }: Setting,
): CopyFrom {
  if (/[$'"\\]/.test(value)) {
    throw new BuildError("STAGE", `Cannot copy from "${value}": --from takes no variables`, {
      at,
      hint: "name a stage by FROM … AS with an ARG from before the first FROM, and copy from that",
    });
  }
  const stage = findStage(value, stages);
  if (stage !== undefined) return { kind: "stage", stage };
  const platform = options.targetPlatform ?? options.buildPlatform;
  const found = findNamedContext(value, platform, options.namedContexts);
  if (found?.context.kind === "directory") return { kind: "named", name: found.name };
  if (found?.context.kind === "image") {
    return { kind: "image", request: { reference: found.context.reference, platform, at } };
  }
  if (value === "scratch") {
    throw new BuildError("STAGE", 'Cannot copy from "scratch": it holds no files', { at });
  }
  checkReference(value, at);
  return { kind: "image", request: { reference: value, platform, at } };
}

function numbered(
  { value, at }: { value: string; at: Flag["at"] },
  stages: readonly Stage[],
): CopyFrom {
  const stage = stages[Number(value)];
  if (stage !== undefined) return { kind: "stage", stage };
  throw new BuildError("STAGE", `Cannot copy from stage ${value}: invalid stage index`, {
    at,
    hint: `the file has ${stages.length === 1 ? "one stage, 0" : `stages 0 to ${stages.length - 1}`}`,
  });
}
