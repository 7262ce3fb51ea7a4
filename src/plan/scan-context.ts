import { literalPattern } from "./paths.js";
import type { PlannedStage } from "./plan.js";
import type { CopyStep, Step } from "./step.js";

/** What it is called, unless a stage that is scanned is called so. */
export const contextName = "context";

/** What of the build context goes into a target: BuildKit, too, asks for nothing else. */
export function contextStage(target: PlannedStage, needed: readonly PlannedStage[]): PlannedStage {
  const copies = needed.flatMap(({ steps }) => steps.flatMap(fromContext));
  const distinct = new Map(
    copies.map((copy) => [JSON.stringify([copy.sources, copy.exclude]), copy]),
  );
  return {
    name: contextName,
    base: { kind: "scratch" },
    platform: target.platform,
    steps: [...distinct.values()],
    config: target.config,
    history: [],
  };
}

function fromContext(step: Step): readonly CopyStep[] {
  if (step.kind === "workdir") return [];
  if (step.kind === "copy") {
    const read = step.sources.filter((source) => typeof source === "string");
    if (step.origin.kind !== "context" || read.length === 0) return [];
    return [
      asItLies(
        step.at,
        read.map((source) => source.replace("/./", "/")),
        step.exclude,
      ),
    ];
  }
  return step.mounts.flatMap((mount) => {
    if (mount.kind !== "bind" || mount.origin?.kind !== "context") return [];
    return [asItLies(mount.at, [literalPattern(mount.source)])];
  });
}

/** Files of the context, where they are in it. */
function asItLies(
  at: CopyStep["at"],
  read: readonly string[],
  exclude: readonly string[] = [],
): CopyStep {
  return {
    kind: "copy",
    at,
    title: `COPY --parents ${read.join(" ")} /`,
    instruction: "COPY",
    origin: { kind: "context" },
    sources: read,
    files: [],
    destination: "/",
    chown: undefined,
    chmod: undefined,
    exclude,
    parents: true,
    link: false,
    unpack: false,
  };
}
