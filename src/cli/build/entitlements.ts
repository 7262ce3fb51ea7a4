import { BuildError, type Span } from "../../error.js";
import type { Plan } from "../../plan/plan.js";
import type { RunDevice } from "../../plan/run-device.js";
import type { RunStep } from "../../plan/step.js";
import type { BuildCommand } from "../build-command.js";
import type { Entitlement } from "../args/allow.js";

/** Refuses steps that want more than a sandbox gives, unless the user allowed it (F02). */
export function checkEntitlements(
  plan: Pick<Plan, "stages">,
  { allow, network }: BuildCommand,
): void {
  const granted = new Set(allow);
  if (network === "host") granted.add("network.host"); // asked for by the user
  for (const step of runSteps(plan)) {
    const missing = neededBy(step).find((wanted) => !granted.has(wanted));
    if (missing !== undefined) throw notAllowed(missing, step.at);
  }
}

/** A step that needs what the user did not allow. */
export function notAllowed(entitlement: string, at: Span): BuildError {
  const message = `Cannot run the step: it needs the entitlement ${entitlement}`;
  return new BuildError("USAGE", message, { at, hint: `--allow ${entitlement} gives it` });
}

/** The devices that steps ask for: their entitlements depend on the machine (devices.ts). */
export function devicesOf(plan: Pick<Plan, "stages">): readonly RunDevice[] {
  return runSteps(plan).flatMap(({ devices }) => devices);
}

function runSteps({ stages }: Pick<Plan, "stages">): readonly RunStep[] {
  return stages.flatMap(({ steps }) => steps.filter((step) => step.kind === "run"));
}

function neededBy({ network, security }: RunStep): readonly Entitlement[] {
  const needed: Entitlement[] = [];
  if (security === "insecure") needed.push("security.insecure");
  if (network === "host") needed.push("network.host");
  return needed;
}
