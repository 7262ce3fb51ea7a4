import { BuildError } from "../error.js";

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * Tells a step that failed from one that never started: `log` is the runtime's own, in JSON lines.
 * A program that is missing or cannot be executed is the step's failure, with a shell's exit code.
 */
export function exitCode(code: number, log: string): number {
  const reason = code === 0 ? undefined : lastError(log);
  if (reason === undefined) return code;
  if (!isAboutProgram(reason)) throw new BuildError("SANDBOX", `Cannot start the step: ${reason}`);
  const missing = /not found|no such file/i.test(reason);
  return missing ? NOT_FOUND : NOT_EXECUTABLE;
}

/** The wording of crun, then of runc. */
function isAboutProgram(reason: string): boolean {
  return /^(executable file|open executable|exec container process)|exec: "|: exec \//.test(reason);
}

function lastError(log: string): string | undefined {
  for (const line of log.split("\n").reverse()) {
    const { level, msg } = parseLine(line);
    if (level === "error" && typeof msg === "string") return msg;
  }
  return undefined;
}

function parseLine(line: string): { readonly level?: unknown; readonly msg?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // a torn last line
  }
}
