import { BuildError } from "../../error.js";
import type { Plan } from "../../plan/plan.js";
import type { RunStep } from "../../plan/step.js";
import type { BuildCommand, Entitlement } from "../command.js";

/** Refuses steps that want more than a sandbox gives, unless the user allowed it (F02). */
export function checkEntitlements(plan: Plan, { allow, network }: BuildCommand): void {
  const granted = new Set(allow);
  if (network === "host") granted.add("network.host"); // asked for by the user
  for (const stage of plan.stages) {
    for (const step of stage.steps) {
      if (step.kind !== "run") continue;
      const missing = neededBy(step).find((wanted) => !granted.has(wanted));
      if (missing === undefined) continue;
      throw new BuildError("USAGE", `Cannot run the step: it needs the entitlement ${missing}`, {
        at: step.at,
        hint: `--allow ${missing} gives it`,
      });
    }
  }
}

function neededBy({ network, security }: RunStep): readonly Entitlement[] {
  const needed: Entitlement[] = [];
  if (security === "insecure") needed.push("security.insecure");
  if (network === "host") needed.push("network.host");
  return needed;
}
