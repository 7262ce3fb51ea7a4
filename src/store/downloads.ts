import { createHash } from "node:crypto";
import type { Digest } from "../oci/digest.js";
import type { Blobs } from "./blobs.js";
import type { Database, Table } from "./database.js";
import type { Tally } from "./tally.js";

/** What a URL gave when it was last asked. */
export interface Download {
  /** Of the body, which is a blob. */
  readonly digest: Digest;
  readonly size: number;
  readonly etag: string | undefined;
  /** Whole seconds since the epoch. */
  readonly lastModified: number | undefined;
}

/** The downloads of a store: what comes again unchanged need not be sent again. */
export class Downloads {
  readonly #blobs: Blobs;
  readonly #database: Database;
  readonly #table: Table<Download>;

  constructor(database: Database, tally: Tally, blobs: Blobs) {
    this.#blobs = blobs;
    this.#database = database;
    this.#table = tally.table("downloads", ({ size }) => size);
  }

  /** Undefined also when the body is gone. The caller may have waited for another process. */
  async get(url: string): Promise<Download | undefined> {
    this.#database.refresh();
    const download = this.#table.get(keyOf(url));
    return download !== undefined && (await this.#blobs.has(download.digest))
      ? download
      : undefined;
  }

  /** The body is stored before. */
  async put(url: string, download: Download): Promise<void> {
    await this.#database.transaction(() => {
      this.#table.put(keyOf(url), download);
    });
  }

  /** Every download. */
  list(): readonly Download[] {
    return this.#table.entries().map(([, download]) => download);
  }

  /** Forgets the downloads of a body. */
  async forget(body: Digest): Promise<void> {
    const gone = this.#table.entries().filter(([, { digest }]) => digest === body);
    await this.#database.transaction(() => {
      for (const [key] of gone) this.#table.remove(key);
    });
  }
}

/** A URL may carry a password or a signature: nobody reads it here. */
function keyOf(url: string): string {
  return createHash("sha256").update(url).digest("hex");
}
