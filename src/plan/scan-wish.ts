import { parseGoBoolean } from "../go-boolean.js";
import type { Draft } from "./draft.js";
import type { PlannedStage, ScanWish } from "./plan.js";

/** What a finished stage says of its being scanned, by ARGs that are for nothing else (S17). */
export function scanWish(draft: Draft): Pick<PlannedStage, "scanned"> {
  const scanned: ScanWish = {
    context: isWished(draft, "BUILDKIT_SBOM_SCAN_CONTEXT"),
    stage: isWished(draft, "BUILDKIT_SBOM_SCAN_STAGE"),
  };
  return scanned.context || scanned.stage ? { scanned } : {};
}

/** A boolean or a list of stages; the ARG of the stage, or of one it starts from, before the global one. */
function isWished({ args, setting, stage }: Draft, name: string): boolean {
  const value = args.get(name) ?? setting.globals.get(name) ?? "";
  return parseGoBoolean(value) ?? value.split(",").includes(stage.name);
}
