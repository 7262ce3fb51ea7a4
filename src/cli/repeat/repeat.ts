import { BuildRecorder } from "../../progress/history/recorder.js";
import { told } from "../../progress/history/replay.js";
import { notWhole } from "../build/history-warning.js";
import { openRenderer } from "../open-renderer.js";
import { findNote, type Found } from "./find-note.js";
import { terminalSize } from "../terminal.js";
import { writeNow } from "./write-now.js";

/**
 * Repeats the build of a command line of which nothing changed since it found everything in the cache (ADR 7): tells what
 * that told, and keeps it as a build of its own. False where it has to be built, because anything may be different.
 */
export function repeat(argv: readonly string[]): boolean {
  const cwd = workingDirectory();
  const found = cwd === undefined ? undefined : findNote(argv, { cwd, env: process.env });
  if (found === undefined) return false;
  tellAgain(found);
  return true;
}

/** Undefined where it is gone. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

function tellAgain({ note, paths }: Found): void {
  const { flags, terminal, header, events, result, output } = note;
  let shown = "";
  const renderer = openRenderer(flags, {
    env: process.env,
    size: terminalSize,
    terminal: { in: false, ...terminal },
    out: { write: (text) => (shown += text) },
  });
  const record = new BuildRecorder({ directory: paths.builds, header, now: Date.now });
  for (const event of events) {
    if (event.type === "warning") record.take(event);
    else record.keep(event);
    renderer.emit(event.type === "warning" ? event : told(event));
  }
  renderer.emit({ type: "summary", totals: record.totals() });
  record.finish({ status: "completed", result });
  if (record.failure !== undefined) {
    const message = notWhole(record.failure);
    renderer.emit({ type: "warning", rule: undefined, message, at: undefined });
  }
  renderer.finish();
  const isWritten = [writeNow(2, shown), writeNow(1, output)].every(Boolean);
  if (isWritten) process.exit(0); // taking the heap down in good order takes 3 ms
}
