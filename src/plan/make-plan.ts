import type { Dockerfile, Warning } from "../parser/instruction.js";
import { withWarnings } from "../parser/linted-error.js";
import { selectWarnings } from "../parser/select-warnings.js";
import { assemble } from "./assemble.js";
import { draftFile } from "./draft-file.js";
import { readEpoch } from "./epoch.js";
import type { MakePlan, Plan } from "./plan.js";
import { unusedArgs } from "./unused-args.js";

/**
 * Turns a Dockerfile into the steps that its target needs. Errors anywhere in the file count, but for
 * variables that only a stage demands which is not built. Images are asked for only where the target
 * needs them.
 */
export const makePlan: MakePlan = (dockerfile, options, images) => {
  const found: Warning[] = [];
  const warnings = () => selectWarnings([...dockerfile.warnings, ...found], dockerfile);
  try {
    const file = draftFile({ dockerfile, options, images, found });
    if (file.kind === "needs-images") return file;
    const plan = assemble({ ...file, options, images });
    const unused = unusedArgs(dockerfile.instructions, file.nodes, options);
    const findings = judged(dockerfile, warnings());
    return {
      kind: "plan",
      plan: { ...plan, ...findings, epoch: readEpoch(file), unusedArgs: unused },
    };
  } catch (error) {
    throw withWarnings(error, warnings());
  }
};

function judged(
  { checks }: Dockerfile,
  warnings: readonly Warning[],
): Pick<Plan, "violated" | "warnings"> {
  const violated = checks.error ? [...new Set(warnings.map(({ rule }) => rule))] : [];
  return { warnings, violated };
}
