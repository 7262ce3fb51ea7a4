import { fstatSync, type Stats } from "node:fs";
import { isatty } from "node:tty";
import type { TerminalSize } from "../progress/renderer.js";
import type { Environment } from "./asked.js";

/** As isatty(3), asking node's tty module only about what may be one. */
export function isTerminal(fd: number): boolean {
  return isOpenAs(fd, (stats) => stats.isCharacterDevice()) && isatty(fd);
}

/** Whether a descriptor is open, and what `test` asks for. */
export function isOpenAs(fd: number, test: (stats: Stats) => boolean): boolean {
  try {
    return test(fstatSync(fd));
  } catch {
    return false; // closed by who started this process
  }
}

/** Whether what a command says goes to terminals that can be drawn on. */
export function terminalsOf(env: Environment): {
  readonly out: boolean;
  readonly err: boolean;
} {
  return { out: isTerminal(1), err: isTerminal(2) && env["TERM"] !== "dumb" };
}

/** Of the one on standard error, as it is now. */
export function terminalSize(): TerminalSize {
  return { columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 };
}
