import type { Span } from "../error.js";
import type { Warning } from "../parser/instruction.js";
import type { RuleName } from "../parser/lint-rules.js";
import { looksSecret } from "./secret-name.js";

/** Takes what BuildKit's lint rules find, by their names. */
export type Warn = (rule: RuleName, message: string, at: Span) => void;

/** A `Warn` that keeps each finding once. */
export function collector(warnings: Warning[]): Warn {
  const known = new Set<string>();
  return (rule, message, at) => {
    const key = `${rule} ${at.start} ${message}`;
    if (!known.has(key)) warnings.push({ rule, message, at });
    known.add(key);
  };
}

/** L16. */
export function warnSecret(warn: Warn, instruction: "ARG" | "ENV", name: string, at: Span): void {
  if (!looksSecret(name)) return;
  const message = `${instruction} "${name}" looks like a secret, and whoever has the image can read it`;
  warn("SecretsUsedInArgOrEnv", message, at);
}
