import type { RunCache } from "../plan/run-mount.js";
import type { Step } from "../plan/step.js";
import { hashKey, ownerFields } from "./key.js";

/** Where a step stands: the Dockerfile, its stage, and how many steps come before it there. */
export interface StepPlace {
  readonly scope: string;
  readonly stage: string;
  /** As "linux/amd64". */
  readonly platform: string;
  readonly index: number;
}

/**
 * Where to look for an earlier run of the same step, best first: the same command in the same stage,
 * whatever was at its place, the same command for another platform. Explains misses; never decides a
 * hit.
 */
export function stepIdentities(
  step: Step,
  { scope, stage, platform, index }: StepPlace,
): readonly [command: string, ...rest: string[]] {
  const command = [step.kind, stage, ...commandOf(step)];
  return [
    hashKey(["same command", platform, scope, ...command]),
    hashKey(["same place", platform, scope, step.kind, stage, String(index)]),
    hashKey(["same command", "any platform", scope, ...command]),
  ];
}

/** A COPY is known by what it is written to copy, and where to. */
function commandOf(step: Step): readonly string[] {
  switch (step.kind) {
    case "run":
      return step.argv;
    case "copy":
      return [JSON.stringify(step.origin), JSON.stringify(step.sources), step.destination];
    case "workdir":
      return [step.path];
  }
}

/** Names a cache mount: mounts of one identity show the same directory (R05). */
export function cacheMountIdentity({ id, owner }: RunCache, seed: string | undefined): string {
  const fields = [owner === undefined ? [] : ownerFields(owner), seed === undefined ? [] : [seed]];
  return hashKey(["cache mount", id, ...fields.flatMap((some) => [`${some.length}`, ...some])]);
}
