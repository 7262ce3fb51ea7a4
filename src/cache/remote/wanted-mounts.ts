import type { DoneStep } from "../done-step.js";
import { cacheMountIdentity } from "../step-identity.js";
import { suggest } from "../../suggest.js";
import { mountTitle } from "./mount-record.js";

/** Which cache mounts to export: by their ids, as the Dockerfile has them. */
export type WantedMounts = "all" | readonly string[];

/** The identities of what is wanted of the cache mounts of these steps. */
export function wantedMounts(
  steps: readonly DoneStep[],
  wanted: WantedMounts,
  warn: (message: string) => void,
): ReadonlySet<string> {
  const mounts = steps.flatMap(mountsOf);
  if (wanted === "all") return new Set(mounts.map(({ identity }) => identity));
  const known = new Set(mounts.flatMap(({ names }) => names));
  for (const id of wanted) if (!known.has(id)) warn(noSuchMount(id, known));
  const found = mounts.filter(({ names }) => names.some((name) => wanted.includes(name)));
  return new Set(found.map(({ identity }) => identity));
}

interface Mount {
  readonly names: readonly string[];
  readonly identity: string;
}

function mountsOf({ step, contents }: DoneStep): readonly Mount[] {
  if (step.kind !== "run") return [];
  return step.mounts.flatMap((mount, index) => {
    if (mount.kind !== "cache") return [];
    const names = [mountTitle(mount.id), mount.id];
    return [{ names, identity: cacheMountIdentity(mount, contents[index]) }];
  });
}

function noSuchMount(id: string, known: ReadonlySet<string>): string {
  const near = suggest(id, known);
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  return `Cannot export the cache mount "${id}": no step has one of that id${hint}`;
}
