import { statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "../sys/system-error.js";
import type { DraftLayer, LayerMeasure } from "./snapshotter.js";
import type { Workspaces } from "./workspaces.js";

/** Makes a draft of a measured directory, which owns the workspace around it from then on. */
export type MakeDraft = (workspace: string, directory: string, measure: LayerMeasure) => DraftLayer;

/** Drafts a layer that `fill` writes into a new directory; of one that fails nothing is left. */
export async function draftLayer(
  workspaces: Workspaces,
  fill: (directory: string) => Promise<LayerMeasure>,
  makeDraft: MakeDraft,
): Promise<DraftLayer> {
  const { workspace, make } = workspaces.take();
  try {
    const directory = make("layer");
    return makeDraft(workspace, directory, await fill(directory));
  } catch (error) {
    workspaces.giveBack({ workspace });
    throw error;
  }
}

/** Whether a layer is published at `path`; asked for each step, and so not on another thread. */
export function isPublished(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Removes a published layer: at once, or a kill would leave half of it. One that is gone is fine. */
export async function removePublished(path: string, workspaces: Workspaces): Promise<void> {
  const { workspace } = workspaces.take();
  try {
    await rename(path, join(workspace, "removed"));
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
  workspaces.giveBack({ workspace });
}
