import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import { isSystemError } from "../../sys/system-error.js";
import { listBuilds, removeBuild, type BuildFiles, type KeptBuild } from "./build-files.js";
import type { BuildEnd, BuildHeader, JournalLine } from "./journal.js";
import { StepReports, type StepReport } from "./step-report.js";

/** What is kept of a build. */
export interface BuildRecord extends BuildHeader {
  /** "interrupted": its process was killed. */
  readonly status: BuildEnd["status"] | "interrupted" | "running";
  readonly end: BuildEnd | undefined;
  readonly files: BuildFiles;
}

/** Where a store keeps builds, and what its processes work in. */
export interface HistoryPaths {
  readonly builds: string;
  readonly work: string;
}

/** The builds that are kept (docs/formats.md). */
export class BuildHistory {
  readonly #paths: HistoryPaths;

  constructor(paths: HistoryPaths) {
    this.#paths = paths;
  }

  /** Every build, the latest first. */
  list(): readonly BuildRecord[] {
    return listBuilds(this.#paths.builds).flatMap((kept) => this.#read(kept) ?? []);
  }

  /**
   * A build by its id or the beginning of it, or by how many came after it: "^1". Undefined is the latest
   * one that has ended, so that a command may ask while another build runs.
   */
  find(reference: string | undefined): BuildRecord {
    const builds = this.list();
    const back = reference === undefined ? 0 : countBack(reference);
    if (back !== undefined) {
      const ended = builds.filter(({ status }) => status !== "running");
      return ended[back] ?? missing(reference, ended.length);
    }
    const found = builds.filter(({ id }) => id.startsWith(reference ?? ""));
    const [build, other] = found;
    if (build === undefined) return missing(reference, builds.length);
    if (other === undefined) return build;
    const message = `Cannot tell which build "${reference ?? ""}" is: ${found.length} ids begin like that`;
    throw new BuildError("USAGE", message);
  }

  /** What became of the steps of a build. */
  steps(build: BuildRecord): readonly StepReport[] {
    const reports = new StepReports();
    for (const line of this.journal(build)) {
      if (!("event" in line)) continue;
      const { event, ms } = line;
      if (event.type !== "output" && event.type !== "warning") reports.take(event, ms);
    }
    return reports.steps;
  }

  /** The lines of its journal; one that a killed process had not finished is left out. */
  journal(build: BuildRecord): readonly JournalLine[] {
    return readFileSync(build.files.journal, "utf8").split("\n").flatMap(parsed);
  }

  /** The file of all that its steps wrote; undefined where none did. */
  log({ files: { log } }: BuildRecord): string | undefined {
    return existsSync(log) ? log : undefined;
  }

  /** Forgets a build; one that runs is left alone. */
  remove(build: BuildRecord): void {
    if (build.status === "running") {
      throw new BuildError("USAGE", `Cannot remove build "${build.id}": it is running`);
    }
    removeBuild(build.files);
  }

  #read(kept: KeptBuild): BuildRecord | undefined {
    const { first, last } = ends(kept.files.journal);
    const [head] = parsed(first);
    if (head === undefined || !("build" in head)) return undefined;
    const [line] = parsed(last);
    const end = line !== undefined && "end" in line ? line.end : undefined;
    const lives = existsSync(join(this.#paths.work, head.build.work));
    const { files } = kept;
    return {
      ...head.build,
      end,
      files,
      status: end?.status ?? (lives ? "running" : "interrupted"),
    };
  }
}

/** "^2" is the third latest. */
function countBack(reference: string): number | undefined {
  const count = /^\^(\d{0,6})$/.exec(reference)?.[1];
  return count === undefined ? undefined : Number(count);
}

function missing(reference: string | undefined, count: number): never {
  if (count === 0 && reference === undefined) {
    throw new BuildError("USAGE", "Cannot find the last build: none is kept");
  }
  throw new BuildError("USAGE", `Cannot find build "${reference ?? ""}": no such build is kept`, {
    hint: "tsbuild history builds lists those that are",
  });
}

/** A line that is not JSON, because its process was killed, is none. */
function parsed(line: string): readonly JournalLine[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as JournalLine];
  } catch {
    return [];
  }
}

/** What is read of either end of a journal, where that is enough for its line; else four times as much. */
const OFTEN = 256 * 1024;

/** The first and the last line of a file, which may be long between them. */
function ends(path: string): { readonly first: string; readonly last: string } {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      return { first: firstLine(file, size), last: lastLine(file, size) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return { first: "", last: "" }; // forgotten meanwhile
    throw error;
  }
}

function firstLine(file: number, size: number, most = OFTEN): string {
  const [line = "", ...more] = piece(file, 0, Math.min(size, most)).split("\n");
  return more.length === 0 && most < size ? firstLine(file, size, most * 4) : line;
}

function lastLine(file: number, size: number, most = OFTEN): string {
  const lines = piece(file, Math.max(0, size - most), Math.min(size, most))
    .trimEnd()
    .split("\n");
  return lines.length === 1 && most < size ? lastLine(file, size, most * 4) : (lines.at(-1) ?? "");
}

function piece(file: number, position: number, length: number): string {
  const bytes = Buffer.alloc(length);
  return bytes.toString("utf8", 0, readSync(file, bytes, 0, length, position));
}
