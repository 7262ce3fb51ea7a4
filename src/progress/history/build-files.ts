import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../../sys/system-error.js";

/** A build is forgotten when it is neither among so many latest … */
const ENTRIES = 50;
/** … nor as young as that: two days, in milliseconds. As BuildKit has it (V05). */
const AGE = 48 * 60 * 60 * 1000;

/** The files of a build. */
export interface BuildFiles {
  readonly journal: string;
  /** What its steps wrote, one after the other. There only where one did. */
  readonly log: string;
}

/** A build that is kept. */
export interface KeptBuild {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly files: BuildFiles;
}

/**
 * Names a build, and its files: by when it began, so that they need not be read to be forgotten. The
 * first random bytes of `node:crypto` would take longer than the rest of the history.
 */
export function newBuild(directory: string, startedAt: number): KeptBuild {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  let id = "";
  while (id.length < 12) id += letters[Math.floor(Math.random() * letters.length)] ?? "";
  return { id, startedAt, files: filesOf(directory, `${startedAt}-${id}`) };
}

const JOURNAL = ".jsonl";

function filesOf(directory: string, name: string): BuildFiles {
  return { journal: join(directory, `${name}${JOURNAL}`), log: join(directory, `${name}.log`) };
}

/** The builds that are kept, the latest first. */
export function listBuilds(directory: string): readonly KeptBuild[] {
  return namesIn(directory)
    .flatMap((file) => {
      const [, name = "", at, id = ""] = /^((\d+)-([a-z2-7]+))\.jsonl$/.exec(file) ?? [];
      return id === "" ? [] : [{ id, startedAt: Number(at), files: filesOf(directory, name) }];
    })
    .sort((a, b) => b.startedAt - a.startedAt);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}

/** Removes the files of a build. */
export function removeBuild({ journal, log }: BuildFiles): void {
  for (const path of [journal, log]) rmSync(path, { force: true });
}

/** Removes what is kept of builds that are too old. Every build does: only what has to go is looked at. */
export function removeOld(directory: string, now: number): void {
  const journals = namesIn(directory).filter((name) => name.endsWith(JOURNAL));
  for (const journal of journals.sort().slice(0, -ENTRIES)) {
    if (now - Number.parseInt(journal, 10) <= AGE) return; // those that follow are younger
    removeBuild(filesOf(directory, journal.slice(0, -JOURNAL.length)));
  }
}
