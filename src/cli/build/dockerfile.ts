import type { Board } from "../../builder/board.js";
import { BuildError } from "../../error.js";
import type { Dockerfile, Warning } from "../../parser/instruction.js";
import { LintedError } from "../../parser/linted-error.js";
import { parseDockerfile } from "../../parser/parse-dockerfile.js";
import { findNamedContext } from "../../plan/named-context.js";
import type { Plan, PlanOptions } from "../../plan/plan.js";
import { checkControlArgs } from "./control-args.js";
import type { BuildInput } from "./input.js";

/** Parses the Dockerfile with what --build-arg says about that (P08, P10). */
export function readDockerfile({ source }: BuildInput, options: PlanOptions): Dockerfile {
  const { buildArgs, buildPlatform, namedContexts } = options;
  checkControlArgs(buildArgs);
  return parseDockerfile(source, {
    syntax: buildArgs.get("BUILDKIT_SYNTAX"),
    check: buildArgs.get("BUILDKIT_DOCKERFILE_CHECK"),
    replacementOf: (frontEnd) => {
      const found = findNamedContext(frontEnd, buildPlatform, namedContexts);
      return found?.context.kind === "image" ? found.context.reference : found?.name;
    },
  });
}

/** Tells the findings of a plan, and stops where they fail the build (`check=error=true`). */
export function tellFindings(
  { warnings, unusedArgs, violated }: Omit<Plan, "target">,
  board: Board,
): void {
  tellWarnings(warnings, board);
  if (unusedArgs.length > 0) {
    board.warn(undefined, `One or more build-args were not consumed: ${unusedArgs.join(", ")}`);
  }
  const violation = violationOf(violated);
  if (violation !== undefined) throw violation;
}

/** The error that findings are where `check=error=true` says so. */
export function violationOf(violated: Plan["violated"]): BuildError | undefined {
  if (violated.length === 0) return undefined;
  const rules = violated.length === 1 ? "rule" : "rules";
  const message = `Cannot build: the Dockerfile breaks the ${rules} ${violated.join(", ")}`;
  const hint = "check=error=true makes an error of what would be a warning";
  return new BuildError("CHECK", message, { hint });
}

/** Tells what had been found when planning failed. */
export function tellWarningsOf(error: unknown, board: Board): void {
  if (error instanceof LintedError) tellWarnings(error.warnings, board);
}

function tellWarnings(warnings: readonly Warning[], board: Board): void {
  for (const { rule, message, at } of warnings) board.warn(rule, message, at);
}
