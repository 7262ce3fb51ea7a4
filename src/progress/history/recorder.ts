import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { BuildEvent, BuildTotals } from "../../builder/event.js";
import { isSystemError } from "../../sys/system-error.js";
import { newBuild, removeOld, type BuildFiles } from "./build-files.js";
import {
  keptOf,
  type BuildEnd,
  type BuildHeader,
  type JournalEvent,
  type JournalLine,
  type QuietEvent,
} from "./journal.js";
import { StepReports, type StepReport } from "./step-report.js";

/** Lines that are held back until something happens that is worth a write. */
const HELD = 64 * 1024;

/** What a build is recorded with. */
export interface RecorderOptions {
  /** Where builds are kept. */
  readonly directory: string;
  readonly header: Omit<BuildHeader, "id" | "startedAt">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Keeps what a build tells, as it tells it: what a killed build leaves is what it told. A build that
 * finds everything costs two writes. What cannot be written is done without; the build goes on.
 */
export class BuildRecorder {
  readonly id: string;
  readonly header: RecorderOptions["header"];
  readonly #directory: string;
  readonly #files: BuildFiles;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #reports = new StepReports();
  #journal: number | undefined;
  #log: number | undefined;
  #held: string[] = [];
  #heldBytes = 0;
  /** A step was run: there is something that a kill must not take along. */
  #isWork = false;
  /** Why the build is not recorded in full. */
  failure: unknown;

  constructor({ directory, header, now }: RecorderOptions) {
    this.#now = now;
    this.header = header;
    this.#startedAt = now();
    this.#directory = directory;
    ({ id: this.id, files: this.#files } = newBuild(directory, this.#startedAt));
    this.#try(() => {
      this.#journal = openNew(directory, this.#files.journal);
    });
    this.#hold({ build: { id: this.id, startedAt: this.#startedAt, ...header } });
    this.#flush();
  }

  readonly take = (event: BuildEvent): void => {
    if (event.type === "output") {
      this.#output(event, this.#now() - this.#startedAt);
      return;
    }
    const kept = keptOf(event);
    if (kept !== undefined) this.keep(kept);
  };

  /** As `take`, of what is in a form to be kept. */
  keep(event: QuietEvent): void {
    const ms = this.#now() - this.#startedAt;
    if (event.type !== "warning") this.#reports.take(event, ms);
    this.#hold({ ms, event });
    this.#isWork ||= event.type === "missed";
    if (this.#isWork || this.#heldBytes > HELD) this.#flush();
  }

  get steps(): readonly StepReport[] {
    return this.#reports.steps;
  }

  /** What the build has come to so far. */
  totals(): BuildTotals {
    return this.#reports.totals(this.#now() - this.#startedAt);
  }

  /** Ends the record; forgets builds that are too old. */
  finish(end: Omit<BuildEnd, "at" | "steps" | "totals">): void {
    const at = this.#now();
    this.#hold({ end: { ...end, at, totals: this.totals(), steps: this.steps.length } });
    this.#flush();
    for (const file of [this.#journal, this.#log]) {
      this.#try(() => {
        if (file !== undefined) closeSync(file);
      });
    }
    this.#journal = undefined;
    this.#log = undefined;
    this.#try(() => {
      removeOld(this.#directory, at); // even of a build that is not recorded: it may have lacked the room
    });
  }

  /** The log first: a journal never tells of bytes that are not there. */
  #output({ id, stream, chunk }: Extract<BuildEvent, { type: "output" }>, ms: number): void {
    this.#write(() => {
      this.#log ??= openNew(this.#directory, this.#files.log);
      writeAll(this.#log, chunk);
    });
    const event: JournalEvent = { type: "output", id, stream, bytes: chunk.byteLength };
    this.#hold({ ms, event });
    this.#flush();
  }

  #hold(line: JournalLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#held.push(text);
    this.#heldBytes += text.length;
  }

  #flush(): void {
    const text = this.#held.join("");
    this.#held = [];
    this.#heldBytes = 0;
    this.#write(() => {
      if (this.#journal !== undefined) writeAll(this.#journal, Buffer.from(text));
    });
  }

  /** Nothing more is written once something was not: the record would have a hole. */
  #write(write: () => void): void {
    if (this.failure === undefined) this.#try(write);
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failure ??= error;
    }
  }
}

function openNew(directory: string, path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, "wx", 0o600);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength;) done += writeSync(file, bytes, done);
}
