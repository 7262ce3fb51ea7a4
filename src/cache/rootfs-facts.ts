import type { BytePath } from "../oci/changeset.js";
import type { TreeDigest } from "../snapshotter/snapshotter.js";
import type { Database, Table } from "../store/database.js";
import type { StateKey } from "./key.js";

/** A map as JSON: in an object, a file named "constructor" would be found where none is. */
export type Pairs<Value> = readonly (readonly [name: string, value: Value])[];

/** What is at a path of a root filesystem; the values of `xattrs` are in base64. */
export interface NodeFact {
  readonly type: "directory" | "symlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly xattrs?: Pairs<string> | undefined;
  readonly target?: BytePath | undefined;
}

/**
 * What steps have asked about a root filesystem, with the answers. A state key names the content, so
 * that an answer stays right forever; only an mtime may be that of another filesystem of the same
 * content, and no key contains one.
 */
export interface RootfsFacts {
  /** Paths with the links on the way followed. */
  readonly resolved: Pairs<BytePath>;
  /** `false` where there is nothing. */
  readonly nodes: Pairs<NodeFact | false>;
  /** Ids behind the user names of --chown and USER. */
  readonly ids: Pairs<{ readonly uid: number; readonly gid: number }>;
  /** Tree digests of what is mounted from it, by path. */
  readonly trees?: Pairs<TreeDigest> | undefined;
}

/** Of a root filesystem that nobody has asked about. */
export const noFacts: RootfsFacts = { resolved: [], nodes: [], ids: [] };

/** Both: where they differ, `later` counts. */
export function mergeFacts(earlier: RootfsFacts, later: RootfsFacts): RootfsFacts {
  return {
    resolved: union(earlier.resolved, later.resolved),
    nodes: union(earlier.nodes, later.nodes),
    ids: union(earlier.ids, later.ids),
    trees: union(earlier.trees ?? [], later.trees ?? []),
  };
}

function union<Value>(earlier: Pairs<Value>, later: Pairs<Value>): Pairs<Value> {
  return [...new Map([...earlier, ...later])];
}

/** What the builder asks of the memory of root filesystems. */
export interface FactStore {
  get(key: StateKey): RootfsFacts | undefined;
  /** Adds to what is known. */
  add(key: StateKey, facts: RootfsFacts): Promise<void>;
}

/** The facts of a store. They are a memory only: losing them costs a mount. */
export class StoredFacts implements FactStore {
  readonly #database: Database;
  readonly #table: Table<RootfsFacts>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#table = database.table("rootfs-facts");
  }

  get(key: StateKey): RootfsFacts | undefined {
    return this.#table.get(key);
  }

  async add(key: StateKey, facts: RootfsFacts): Promise<void> {
    await this.#database.soon(() => {
      const known = this.#table.get(key);
      this.#table.put(key, known === undefined ? facts : mergeFacts(known, facts));
    });
  }

  /** Forgets everything; for pruning. */
  async clear(): Promise<void> {
    await this.#database.transaction(() => {
      for (const [key] of this.#table.entries()) this.#table.remove(key);
    });
  }
}
