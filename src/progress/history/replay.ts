import { closeSync, openSync, readSync } from "node:fs";
import type { BuildEvent } from "../../builder/event.js";
import type { JournalLine, QuietEvent } from "./journal.js";

/** An event of a build that is over, or of the part of it that is. */
export interface Replayed {
  /** Since the build began. */
  readonly ms: number;
  readonly event: BuildEvent;
}

/** Tells once more what a build told, its output included; `log` is the file of that. */
export function* replay(
  journal: readonly JournalLine[],
  log: string | undefined,
): Generator<Replayed> {
  const file = log === undefined ? undefined : openSync(log, "r");
  try {
    let position = 0;
    for (const line of journal) {
      if (!("event" in line)) continue;
      const { event, ms } = line;
      if (event.type !== "output") yield { ms, event: told(event) };
      else {
        const { id, stream, bytes } = event;
        const chunk = file === undefined ? Buffer.alloc(0) : readAt(file, position, bytes);
        position += bytes;
        yield { ms, event: { type: "output", id, stream, chunk } };
      }
    }
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What a build told when that was kept. */
export function told(event: QuietEvent): BuildEvent {
  switch (event.type) {
    case "declared":
      return { type: "declared", vertex: event.vertex, inputs: event.inputs };
    case "warning":
      return { ...event, rule: undefined, at: undefined };
    case "started":
    case "missed":
    case "ended":
    case "traffic":
      return event;
  }
}

function readAt(file: number, position: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}
