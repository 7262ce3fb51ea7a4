import { join } from "node:path";
import type { BuildEvent } from "../../builder/event.js";
import type { BuildHeader, BuildResult, QuietEvent } from "../../progress/history/journal.js";
import type { Io } from "../io.js";
import type { ProgressFlags } from "../open-renderer.js";

/** A command line, and where it was written. */
export interface Place {
  readonly argv: readonly string[];
  readonly cwd: string;
}

type Warning = Extract<BuildEvent, { readonly type: "warning" }>;

/** What an event is kept as: as the history has it, but for what a display has more to say of. */
export type NotedEvent = Exclude<QuietEvent, { readonly type: "warning" }> | Warning;

/** What a build that found everything went by, and what it told (docs/formats.md). JSON. */
export interface RepeatNote extends Place {
  /** Of tsbuild. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly takenAt: number;
  /** Variables that were asked for; null of those that were not set. */
  readonly env: readonly (readonly [name: string, value: string | null])[];
  readonly terminal: Pick<Io["terminal"], "err" | "out">;
  /** As `databaseState` has it. */
  readonly database: string;
  /** Paths, latin1 for bytes, and what `fileStamp` told of each; null where nothing was. */
  readonly stamps: readonly (readonly [path: string, stamp: string | null])[];
  readonly flags: ProgressFlags;
  /** For the history of builds. */
  readonly header: Omit<BuildHeader, "id" | "startedAt">;
  readonly events: readonly NotedEvent[];
  readonly result: BuildResult;
  /** For standard output. */
  readonly output: string;
}

/** Where the note of a command line is: beside the file indexes, with which it is counted and pruned. */
export function noteFile(indexes: string, { argv, cwd }: Place): string {
  // only to find it: the note says itself what it is of, and SHA-256 would take 3 ms to load
  const text = JSON.stringify([cwd, ...argv]);
  let [high, low] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low + code, 0x85ebca6b) ^ (low >>> 13);
  }
  const digits = [high, low].map((word) => (word >>> 0).toString(16).padStart(8, "0"));
  return join(indexes, `${digits.join("")}.repeat`);
}
