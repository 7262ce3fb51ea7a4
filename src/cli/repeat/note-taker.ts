import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildEvent } from "../../builder/event.js";
import { ignoreFilePaths } from "../../context/ignore.js";
import { tickOf } from "../../context/tick.js";
import { toBytePath, type BytePath } from "../../oci/changeset.js";
import { looksSecret } from "../../plan/secret-name.js";
import { keptOf } from "../../progress/history/journal.js";
import type { BuildRecorder } from "../../progress/history/recorder.js";
import { databaseState } from "../../store/database-state.js";
import { storePaths, type StorePaths } from "../../store/store-paths.js";
import { fileStamp } from "../../sys/file-stamp.js";
import { uptime } from "../../sys/uptime.js";
import { dockerfileNames, type BuildInput } from "../build/input.js";
import type { BuildSummary } from "../build/exporting.js";
import { resultOf } from "../build/recording.js";
import { configPath } from "../config-file.js";
import type { Io } from "../io.js";
import { readNamespace } from "../namespace.js";
import { storeRoot } from "../store-root.js";
import { version } from "../version.js";
import { noteFile, type NotedEvent, type RepeatNote } from "./note.js";

/** Looking at more files takes longer than planning a build. */
const MOST = 1000;

/** What is known of a build once it is over. */
export interface Finished extends BuildSummary, Pick<RepeatNote, "argv" | "flags" | "output"> {
  readonly input: BuildInput;
  readonly record: Pick<BuildRecorder, "header">;
}

/** Watches a build, and notes what it went by where that found everything in the cache. */
export class NoteTaker {
  readonly #io: Io;
  readonly #startedAt: number;
  readonly #paths: StorePaths;
  readonly #database: string | undefined;
  readonly #looked = new Set<BytePath>();
  readonly #events: NotedEvent[] = [];
  #isWork = false;

  /** To be called before the store is opened. `startedAt`: no later than the first look at anything, in milliseconds since the epoch. */
  constructor(io: Io, startedAt = Date.now() - uptime()) {
    this.#io = io;
    this.#startedAt = startedAt;
    this.#paths = storePaths(storeRoot(io, readNamespace()));
    this.#database = databaseState(this.#paths.db);
  }

  /** Is told of the paths of the context that are looked at. Answers whether there may be more of them. */
  readonly looked = (path: BytePath): boolean => {
    this.#looked.add(path);
    return this.#looked.size <= MOST;
  };

  /** Is told of all that the build tells. */
  readonly take = (event: BuildEvent): void => {
    switch (event.type) {
      case "missed":
      case "output":
      case "progress":
      case "traffic":
        this.#isWork = true;
        return;
      case "summary": // each build has its own
        return;
      case "warning":
        this.#events.push(event);
        return;
      case "declared":
      case "ended":
      case "started": {
        const kept = keptOf(event);
        if (kept !== undefined && kept.type !== "warning") this.#events.push(kept);
        return;
      }
    }
  };

  /** Once the store is closed. What cannot be noted is not: that costs time, nothing else. */
  keep(finished: Finished): void {
    if (this.#isWork || this.#looked.size > MOST) return;
    try {
      const note = this.#note(finished);
      if (note !== undefined) this.#write(note);
    } catch {
      // the next build does without
    }
  }

  #note({ input, argv, flags, output, ...made }: Finished): RepeatNote | undefined {
    const { cwd, asked, terminal } = this.#io;
    const database = databaseState(this.#paths.db);
    const stamps = this.#stamps(input);
    const isSame = database !== undefined && database === this.#database;
    if (!isSame || stamps === undefined || ![...asked].every(isHarmless)) return undefined;
    const { quiet, progress } = flags;
    return {
      version,
      takenAt: Date.now(),
      argv,
      cwd,
      env: [...asked].map(([name, value]) => [name, value ?? null]),
      terminal: { out: terminal.out, err: terminal.err },
      database,
      stamps,
      flags: { quiet, progress },
      header: { ...made.record.header, work: "none" }, // it never runs for long
      events: this.#events,
      result: resultOf(made),
      output,
    };
  }

  /** Undefined where one may not tell that something changes, or has changed since the build began. */
  #stamps(input: BuildInput): RepeatNote["stamps"] | undefined {
    const stamps: (readonly [string, string | null])[] = [];
    const read = this.#read(input);
    for (const path of [...read, ...this.#placesIn(input)]) {
      const stamp = fileStamp(path);
      const isTold = stamp === undefined || stamp.isFile || !read.includes(path); // not by a link or a pipe
      if (!isTold || !this.#isSettled(stamp?.ctimeMs ?? changedAbove(path))) return undefined;
      stamps.push([path, stamp?.text ?? null]);
    }
    return stamps;
  }

  /** What was read, or looked for, by its path. */
  #read({ context: root = "", dockerfile }: BuildInput): readonly string[] {
    const found = dockerfileNames.map((name) => join(root, name));
    const own = dockerfile === undefined ? [] : [dockerfile];
    const others = [this.#paths.format, configPath(this.#io.env), ...process.argv.slice(1, 2)];
    return [...found, ...own, ...ignoreFilePaths({ root, dockerfile }), ...others].map(toBytePath);
  }

  /** Files of the context, and the directories that every new and every removed layer or blob changes. */
  #placesIn({ context = "" }: BuildInput): readonly string[] {
    const { layers, blobs } = this.#paths;
    const root = toBytePath(context);
    return [
      ...[layers, blobs].map((path) => `${toBytePath(path)}/.`),
      ...[...this.#looked].map((path) => `${root}/${path === "" ? "." : path}`),
    ];
  }

  /** Whether what changed then had done so when this process began, as far as its clock can tell. */
  #isSettled(ctimeMs: number): boolean {
    return ctimeMs < this.#startedAt - tickOf(ctimeMs);
  }

  #write(note: RepeatNote): void {
    const file = noteFile(this.#paths.index, note);
    const partial = `${file}.${process.pid}`;
    mkdirSync(this.#paths.index, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(partial, JSON.stringify(note), { mode: 0o600 });
      renameSync(partial, file);
    } finally {
      rmSync(partial, { force: true });
    }
  }
}

/** Whether a variable may be kept, and stands for no more than its value. */
function isHarmless([name, value]: readonly [name: string, value: string | undefined]): boolean {
  return value === undefined || !(looksSecret(name) || name === "BUILDX_GIT_LABELS");
}

/** When names changed in the directory that a missing path would be in, or in the nearest one above that is there. */
function changedAbove(path: string): number {
  const directory = dirname(path);
  return fileStamp(`${directory}/.`)?.ctimeMs ?? changedAbove(directory);
}
