import { BuildError } from "../../error.js";
import type { Plan } from "../../plan/plan.js";
import type { RunStep } from "../../plan/step.js";
import type { BuildCommand, Entitlement } from "../command.js";

/** Refuses steps that want more than a sandbox gives, unless the user allowed it (F02). */
export function checkEntitlements(plan: Plan, { allow, network }: BuildCommand): void {
  for (const stage of plan.stages) {
    for (const step of stage.steps) {
      if (step.kind !== "run") continue;
      const wanted = entitlementOf(step);
      if (wanted === undefined || allow.has(wanted)) continue;
      if (wanted === "network.host" && network === "host") continue; // asked for by the user
      throw new BuildError("USAGE", `Cannot run the step: it needs the entitlement ${wanted}`, {
        at: step.at,
        hint: `--allow ${wanted} gives it`,
      });
    }
  }
}

function entitlementOf(step: RunStep): Entitlement | undefined {
  if (step.security === "insecure") return "security.insecure";
  return step.network === "host" ? "network.host" : undefined;
}
