import { constants } from "node:os";
import { BuildError } from "../error.js";
import type { ExitStatus } from "./executor.js";

const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/**
 * Tells a step that failed from one that never started: `log` is the runtime's own, in JSON lines.
 * A program that is missing or cannot be executed is the step's failure, with a shell's exit code.
 */
export function exitStatus(code: number, log: string): ExitStatus {
  const reason = code === 0 ? undefined : lastError(log);
  if (reason === undefined) return { code, signal: signalOf(code) };
  if (!isAboutProgram(reason)) throw new BuildError("SANDBOX", `Cannot start the step: ${reason}`);
  const missing = /not found|no such file/i.test(reason);
  return { code: missing ? NOT_FOUND : NOT_EXECUTABLE, signal: undefined };
}

/** Runtimes report a process that a signal killed as 128 and the signal's number. */
function signalOf(code: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
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
