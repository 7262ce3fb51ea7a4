import type { Base, ImageRequest } from "./plan.js";
import type { RunMount } from "./run-mount.js";
import type { Origin } from "./origin.js";
import type { Step } from "./step.js";

/** What becomes of the numbers of stages and images when some are left out, or plans are joined. */
export interface Numbering {
  readonly stage: (index: number) => number;
  readonly image: (request: ImageRequest) => number;
  /** What the old numbers of images count. */
  readonly requests: readonly ImageRequest[];
}

/** A base with its number in the new order. */
export function renumberedBase(base: Base, numbering: Numbering): Base {
  switch (base.kind) {
    case "scratch":
      return base;
    case "stage":
      return { kind: "stage", stage: numbering.stage(base.stage) };
    case "image":
      return { kind: "image", image: imageOf(base.image, numbering) };
  }
}

/** A step that reads from the same stages and images under their new numbers. */
export function renumbered(step: Step, numbering: Numbering): Step {
  switch (step.kind) {
    case "copy":
      return { ...step, origin: renumberedOrigin(step.origin, numbering) };
    case "run":
      return { ...step, mounts: step.mounts.map((mount) => renumberedMount(mount, numbering)) };
    case "workdir":
      return step;
  }
}

function renumberedMount(mount: RunMount, numbering: Numbering): RunMount {
  if (mount.kind === "bind" && mount.origin !== undefined) {
    return { ...mount, origin: renumberedOrigin(mount.origin, numbering) };
  }
  if (mount.kind === "cache" && mount.seed !== undefined) {
    const origin = renumberedOrigin(mount.seed.origin, numbering);
    return { ...mount, seed: { ...mount.seed, origin } };
  }
  return mount;
}

function renumberedOrigin(origin: Origin, numbering: Numbering): Origin {
  switch (origin.kind) {
    case "context":
    case "named":
      return origin;
    case "stage":
      return { kind: "stage", stage: numbering.stage(origin.stage) };
    case "image":
      return { kind: "image", image: imageOf(origin.image, numbering) };
  }
}

function imageOf(index: number, { image, requests }: Numbering): number {
  const request = requests[index];
  if (request === undefined) throw new Error(`there are ${requests.length} images, no ${index}`);
  return image(request);
}
