import { readFileSync, utimesSync } from "node:fs";
import { databaseState } from "../../store/database-state.js";
import { storePaths, type StorePaths } from "../../store/store-paths.js";
import { fileStamp } from "../../sys/file-stamp.js";
import type { Io } from "../io.js";
import { readNamespace } from "../namespace.js";
import { storeRoot } from "../store-root.js";
import { terminalsOf } from "../terminal.js";
import { version } from "../version.js";
import { noteFile, type Place, type RepeatNote } from "./note.js";

/** How long a note counts, in milliseconds: from time to time a build has to say which layers and files are in use. */
const AGE = 60 * 60 * 1000;

/** A note that still holds, and the store that it is about. */
export interface Found {
  readonly note: RepeatNote;
  readonly paths: StorePaths;
}

/** The note of a command line, if everything is as it says. */
export function findNote(
  argv: readonly string[],
  { cwd, env }: Pick<Io, "cwd" | "env">,
  now = Date.now(),
): Found | undefined {
  const paths = storePaths(storeRoot({ cwd, env }, readNamespace()));
  const file = noteFile(paths.index, { argv, cwd });
  try {
    const note = JSON.parse(readFileSync(file, "utf8")) as RepeatNote;
    const isRecent = note.takenAt <= now && now < note.takenAt + AGE;
    if (!isRecent || !isOf(note, { argv, cwd }) || !isStillSo(note, paths, env)) return undefined;
    utimesSync(file, now / 1000, now / 1000); // what is not used for long is pruned
    return { note, paths };
  } catch {
    return undefined; // who builds finds out what is wrong
  }
}

function isOf(note: RepeatNote, { argv, cwd }: Place): boolean {
  const isSame = note.cwd === cwd && JSON.stringify(note.argv) === JSON.stringify(argv);
  return isSame && note.version === version;
}

function isStillSo(note: RepeatNote, { db }: StorePaths, env: Io["env"]): boolean {
  if (databaseState(db) !== note.database) return false;
  if (!note.env.every(([name, value]) => (env[name] ?? null) === value)) return false;
  const { out, err } = terminalsOf(env);
  if (out !== note.terminal.out || err !== note.terminal.err) return false;
  return note.stamps.every(([path, stamp]) => (fileStamp(path)?.text ?? null) === stamp);
}
