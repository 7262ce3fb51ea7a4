import { createHash } from "node:crypto";
import { join } from "node:path";
import { SavedLooks } from "../../cache/looks.js";
import { openDirectoryContext, realDirectory } from "../../context/directory-context.js";
import { findIgnoreFile, parseIgnore } from "../../context/ignore.js";
import type { LocalTree } from "../../context/local-tree.js";
import type { SourceTree } from "../../context/source-tree.js";
import { SavedIndex } from "./saved-index.js";

/** A context directory, and the Dockerfile whose own ignore file would win. */
export interface Place extends Pick<LocalTree, "looked"> {
  readonly root: string;
  readonly dockerfile: string | undefined;
}

/** With what new files are read. */
type Reading = Pick<LocalTree, "thread" | "work">;

interface OpenContext {
  readonly tree: SourceTree;
  readonly index: SavedIndex;
}

/**
 * The build context and the named ones that are directories of this machine, each scanned when a step first
 * needs it. What was learnt of their files is kept under `indexDirectory` for the next build.
 */
export class ContextSet {
  readonly #places: ReadonlyMap<string | undefined, Place>;
  readonly #indexDirectory: string;
  readonly #reading: Reading;
  readonly #open = new Map<string | undefined, Promise<OpenContext>>();

  constructor(
    main: Place,
    named: ReadonlyMap<string, string>,
    indexDirectory: string,
    reading: Reading = {},
  ) {
    const places = new Map<string | undefined, Place>();
    for (const [name, root] of named) places.set(name, { root, dockerfile: undefined });
    places.set(undefined, main);
    this.#places = places;
    this.#indexDirectory = indexDirectory;
    this.#reading = reading;
  }

  async open(name: string | undefined): Promise<SourceTree> {
    const known = this.#open.get(name);
    if (known !== undefined) return (await known).tree;
    const place = this.#places.get(name);
    if (place === undefined) throw new Error(`the plan names the unknown context "${name ?? ""}"`);
    const opening = this.#openPlace(place);
    this.#open.set(name, opening);
    return (await opening).tree;
  }

  /** Keeps what the scans found out, of a failed build too. Losing it costs time, nothing else. */
  async save(): Promise<void> {
    for (const opening of this.#open.values())
      await opening.then(({ index }) => index.save()).catch(() => undefined);
  }

  async #openPlace({ root, dockerfile, looked }: Place): Promise<OpenContext> {
    const indexFile = join(this.#indexDirectory, createHash("sha256").update(root).digest("hex"));
    const looks = new SavedLooks(indexFile, this.#reading.work);
    const index = new SavedIndex(indexFile);
    realDirectory(root); // else a missing ignore file would be the complaint
    const source = findIgnoreFile({ root, dockerfile });
    const ignore = source && parseIgnore(source);
    const tree = await openDirectoryContext({
      ...{ root, ignore, looks, looked, ...this.#reading },
      index: () => index.use(),
      letGo: () => index.letGo(),
    });
    return { tree, index };
  }
}
