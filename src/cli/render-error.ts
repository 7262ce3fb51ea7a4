import { BuildError } from "../error.js";
import { printable } from "../progress/terminal-text.js";
import { describeSystemFailure, isSystemFailure } from "../sys/system-failure.js";
import { excerpt } from "./excerpt.js";
import { firstFailure, isAbort } from "./exit-code.js";

/** How an error is written. */
export interface ErrorStyle {
  readonly color: boolean;
  /** Adds stacks and causes. */
  readonly debug: boolean;
}

type Paint = (code: string, text: string) => string;

/** What a user reads when a command failed; ends with a newline. */
export function renderError(error: unknown, { color, debug }: ErrorStyle): string {
  const paint: Paint = (code, text) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const first = firstFailure(error);
  const lines = describe(first, paint);
  if (debug) lines.push(...details(error));
  return `${lines.join("\n")}\n`;
}

function describe(error: unknown, paint: Paint): string[] {
  if (error instanceof BuildError) return describeBuildError(error, paint);
  if (isAbort(error)) return [headline("Cannot go on: interrupted", paint)];
  if (isSystemFailure(error)) {
    const { message, hint } = describeSystemFailure(error);
    return [headline(message, paint), ...hintLine(hint, paint)];
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [
    headline(`Cannot go on: a bug in tsbuild: ${message}`, paint),
    ...hintLine("please report it with what the same command prints with --debug", paint),
  ];
}

function describeBuildError({ message, at, hint }: BuildError, paint: Paint): string[] {
  if (at === undefined) return [headline(message, paint), ...hintLine(hint, paint)];
  const { position, lines } = excerpt(at);
  return [
    `${paint("1", printable(position))}: ${paint("31", clean(message))}`,
    ...lines.map((line) => (/^ *~+$/.test(line) ? paint("31", line) : line)),
    ...hintLine(hint, paint),
  ];
}

function headline(message: string, paint: Paint): string {
  return `${paint("1;31", "ERROR:")} ${clean(message)}`;
}

function hintLine(hint: string | undefined, paint: Paint): readonly string[] {
  return hint === undefined ? [] : [`${paint("36", "hint:")} ${clean(hint)}`];
}

/** Messages quote what others wrote: registries, file names, Dockerfiles. */
function clean(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The stack, with those of the causes and of what failed while cleaning up. */
function details(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const lines = [clean(error.stack ?? error.message)];
  if ("error" in error) lines.push("while cleaning up:", ...details(error.error));
  if ("suppressed" in error) lines.push("after:", ...details(error.suppressed));
  if (error.cause !== undefined) lines.push("because of:", ...details(error.cause));
  return lines;
}
