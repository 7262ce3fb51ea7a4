import type { Digest } from "../oci/digest.js";
import type { Reference } from "../oci/reference.js";
import type { Database, Table } from "./database.js";

type Place = Pick<Reference, "registry" | "repository">;

/** More repositories than that are not remembered of one blob. */
const MOST = 8;

/**
 * Which repositories of registries have a blob, because it was pulled from there or pushed there: a
 * push to another repository of the same registry need not send it (N06).
 */
export class BlobSources {
  readonly #database: Database;
  /** By digest: "registry/repository", the latest first. */
  readonly #table: Table<readonly string[]>;

  constructor(database: Database) {
    this.#database = database;
    this.#table = database.table("blob-sources");
  }

  /** Another repository of the registry that has the blob. */
  find(digest: Digest, { registry, repository }: Place): string | undefined {
    const names = this.#table.get(digest) ?? [];
    return names
      .filter((name) => name.startsWith(`${registry}/`))
      .map((name) => name.slice(registry.length + 1))
      .find((name) => name !== repository);
  }

  /** Notes that a repository has these blobs. */
  async remember(digests: readonly Digest[], { registry, repository }: Place): Promise<void> {
    const name = `${registry}/${repository}`;
    const news = digests.filter((digest) => this.#table.get(digest)?.includes(name) !== true);
    if (news.length === 0) return;
    await this.#database.transaction(() => {
      for (const digest of news) {
        const others = this.#table.get(digest) ?? [];
        this.#table.put(digest, [name, ...others].slice(0, MOST));
      }
    });
  }

  /** Forgets all other blobs. */
  async keepOnly(digests: ReadonlySet<string>): Promise<void> {
    const doomed = this.#table.entries().filter(([digest]) => !digests.has(digest));
    if (doomed.length === 0) return;
    await this.#database.transaction(() => {
      for (const [digest] of doomed) this.#table.remove(digest);
    });
  }
}
