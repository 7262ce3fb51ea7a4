import { chownSync, mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CaseBuilder } from "./builders/builder.js";
import type { Case } from "./case.js";
import { layOut, type Owner } from "./lay-out.js";
import type { Outcome } from "./outcome.js";

/** What one builder made of a case. */
export interface Result {
  readonly builder: CaseBuilder;
  readonly outcome: Outcome;
}

/** Lays a case out in the new directory `place` for each builder, one after the other, and builds it. */
export async function buildByAll(
  item: Case,
  builders: readonly CaseBuilder[],
  place: string,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const builder of builders) {
    results.push({ builder, outcome: await buildOnce(item, builder, { place }) });
  }
  return results;
}

/** Lays a case out, builds it, and leaves nothing of it behind. */
export async function buildOnce(
  item: Case,
  builder: Pick<CaseBuilder, "build">,
  { place, owner }: { readonly place: string; readonly owner?: Owner },
): Promise<Outcome> {
  // a name of its own: BuildKit sends only what changed since the last directory of that name
  const directory = join(place, item.name);
  mkdirSync(directory, { recursive: true });
  if (owner !== undefined) chownSync(place, owner.uid, owner.gid); // the archive goes there
  try {
    layOut(item, directory, owner);
    return await builder.build({ item, directory, archive: join(place, "image.tar") });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
