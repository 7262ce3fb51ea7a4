import { BuildError } from "../error.js";
import type { Warning } from "./instruction.js";

/** A mistake in a Dockerfile, with what else had been found until then. */
export class LintedError extends BuildError {
  readonly warnings: readonly Warning[];

  constructor(error: BuildError, warnings: readonly Warning[]) {
    const { code, message, at, hint, cause } = error;
    super(code, message, { at, hint, cause });
    this.warnings = warnings;
  }
}

/** The same failure with `warnings`; what is not a mistake of the user's stays as it is. */
export function withWarnings(error: unknown, warnings: readonly Warning[]): unknown {
  if (!(error instanceof BuildError) || warnings.length === 0) return error;
  return new LintedError(error, warnings);
}
