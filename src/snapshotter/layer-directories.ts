import { mkdirSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "../sys/system-error.js";
import type { DirectoryDraftOptions } from "./directory-draft.js";
import type { DraftLayer, LayerMeasure } from "./snapshotter.js";
import type { Workspaces } from "./workspaces.js";

/** A layer in a workspace, measured. */
export type Measured = Pick<DirectoryDraftOptions, "directory" | "keep" | "measure" | "workspace">;

/** Makes a draft of what was measured, which owns the workspace from then on. */
export type MakeDraft = (measured: Measured) => DraftLayer;

/** Drafts a layer that `fill` writes into a new directory, which it makes itself; of one that fails nothing is left. */
export async function draftLayer(
  workspaces: Workspaces,
  fill: (directory: string) => Promise<Pick<Measured, "keep" | "measure">>,
  makeDraft: MakeDraft,
): Promise<DraftLayer> {
  const { workspace } = workspaces.take();
  try {
    const directory = join(workspace, "layer");
    return makeDraft({ workspace, directory, ...(await fill(directory)) });
  } catch (error) {
    workspaces.giveBack({ workspace });
    throw error;
  }
}

/** For `draftLayer`: `fill` writes all of the layer, into a directory that is there. */
export function atOnce(
  fill: (directory: string) => Promise<LayerMeasure>,
): (directory: string) => Promise<Pick<Measured, "measure">> {
  return async (directory) => {
    mkdirSync(directory, 0o755);
    return { measure: await fill(directory) };
  };
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
