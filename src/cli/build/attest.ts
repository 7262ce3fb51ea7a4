import type { BuiltImage } from "../../builder/build.js";
import type { Building } from "./engine.js";
import type { Attesting } from "./exporting.js";
import type { ResolvedPlan } from "./plan.js";
import { provenanceOf } from "./provenance.js";

/** What is said of the images of a build that has ended; `scans` is what scanned them. */
export async function attest(
  resolved: ResolvedPlan,
  scans: readonly BuiltImage[],
  building: Building,
): Promise<Attesting> {
  const { provenance, sbom } = building.command;
  const found = sbom && (await (await import("./sbom.js")).readScans(scans, sbom, building));
  const told = provenance && (await provenanceOf(provenance, resolved, building));
  const claims = resolved.plan.targets.map((_, i) => [
    ...(found?.[i] ?? []),
    ...(told?.claims.slice(i, i + 1) ?? []),
  ]);
  return { claims, metadata: told?.metadata ?? {} };
}
