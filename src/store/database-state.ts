import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../sys/system-error.js";

/** Bytes of a page of LMDB in which all of its MDB_meta is, and where in there the size of pages is. */
const META = 256;
const pageSize = 48;

/**
 * Text that is another one after each transaction of the database in `directory`: its first two pages, which name the last
 * two transactions. Undefined where there is no database.
 */
export function databaseState(directory: string): string | undefined {
  try {
    const file = openSync(join(directory, "data.mdb"), "r");
    try {
      const metas = Buffer.alloc(2 * META);
      readSync(file, metas, 0, META, 0);
      readSync(file, metas, META, META, metas.readUInt32LE(pageSize));
      return metas.toString("base64");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
