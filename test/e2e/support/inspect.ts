import { assert } from "chai";
import type { Site } from "./site.js";

/** What `tsbuild inspect` tells of an image. */
export interface Inspected {
  readonly Id: string;
  readonly Architecture: string;
  readonly Author: string;
  readonly Created: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly RootFS: { readonly Layers: readonly string[] };
}

/** Inspects one image of the store. */
export async function inspect(site: Site, image: string): Promise<Inspected> {
  const { stdout } = await site.ok(["inspect", image]);
  const [found] = JSON.parse(stdout) as readonly Inspected[];
  if (found === undefined) assert.fail(`${image} is not there`);
  return found;
}

/** DiffIDs of an image, lowest layer first. */
export async function layersOf(site: Site, image: string): Promise<readonly string[]> {
  return (await inspect(site, image)).RootFS.Layers;
}
