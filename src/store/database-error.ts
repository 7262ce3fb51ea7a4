import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { BuildError } from "../error.js";
import { isSystemError } from "../sys/system-error.js";
import { noSpace } from "./disk-error.js";

const { EDQUOT, EIO, ENOSPC } = constants.errno;

/** Throws unless the database in `directory` is one: LMDB crashes the process (SIGSEGV) on any other file. */
export function checkHeader(directory: string): void {
  const header = Buffer.alloc(32);
  let size: number;
  try {
    const file = openSync(join(directory, "data.mdb"), "r");
    try {
      readSync(file, header, 0, header.byteLength, 0);
      ({ size } = fstatSync(file));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT")) throw damaged(directory, error);
    throw error;
  }
  // Two meta pages of at least 4096 bytes; magic and data version of the first (lmdb.h, MDB_meta).
  const whole = size >= 8192 && header.readUInt32LE(24) === 0xbeefc0de;
  if (!whole) throw damaged(directory, undefined);
}

/** What `lmdb.open` threw: only LMDB's own errors speak of the content of the database. */
export function cannotOpen(directory: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = lmdbCode(error);
  if (code < 0) return damaged(directory, error);
  if (isFull(code)) return noSpace(error, `open the database "${directory}"`);
  return new BuildError("STORE", `Cannot open the database "${directory}": ${error.message}`, {
    cause: error,
  });
}

/** What a write threw; what is none of lmdb's passes unchanged. */
export function cannotWrite(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = lmdbCode(error);
  if (isFull(code)) return noSpace(error);
  if (code !== EIO) return error;
  return new BuildError("STORE", "Cannot write to the store: input/output error", {
    hint: "the disk is full or failing", // a write that was cut short (mdb.c, mdb_page_flush)
    cause: error,
  });
}

function isFull(code: number): boolean {
  return code === ENOSPC || code === EDQUOT;
}

/** An error number of the system, or a negative one of LMDB's (lmdb.h); 0 when it is none of either's. */
function lmdbCode(error: Error): number {
  return "code" in error && typeof error.code === "number" ? error.code : 0;
}

function damaged(directory: string, cause: unknown): BuildError {
  return new BuildError("STORE", `Cannot open the database "${directory}": it is damaged`, {
    hint: "remove the store's directory to start with an empty one",
    cause,
  });
}
