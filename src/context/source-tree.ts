import type { Source } from "../error.js";
import type { BytePath, EntryList, FileEntry } from "../oci/changeset.js";
import type { KnownFiles } from "./known-files.js";
import type { KeptSelection } from "./look-memory.js";
import type { SeenDirectory } from "./look-again.js";
import type { Onlooker } from "./look.js";

/**
 * A read-only tree that COPY and ADD select from: a build context behind its .dockerignore, or the
 * root filesystem of a stage or an image. Nothing outside its root is ever read: links are followed
 * inside it only.
 */
export interface SourceTree {
  /** The .dockerignore that hides some of it. */
  readonly ignore?: Source | undefined;
  /**
   * The files behind one source of COPY, relative to the tree's root, with Go's filepath.Match
   * meaning (SEMANTICS.md C02, C07, C08). Each match is a file, or a directory whose contents count.
   * A plain path that is missing throws SOURCE_NOT_FOUND; a wildcard without a match gives none.
   */
  select(pattern: string, options?: SelectOptions): Promise<readonly SelectedSource[]>;
  /** Short cuts where a look at files is much cheaper than what `select` makes of it. */
  readonly looks?: Looks | undefined;
}

/** What COPY asks for. */
export interface Query extends SelectOptions {
  readonly patterns: readonly string[];
}

/** Remembers what was selected from a tree, by how it looked. */
export interface Looks {
  /** What was selected by the same query, where all that would be looked at for it has the names and types that it had then. */
  recall(query: Query): Promise<Recalled | undefined>;
  /** To be shown what `select` looks at for that query, which need not list directories that look as they did for it before. */
  begin(query: Query): LookRecord;
}

/** A look that is being taken, and what it selects. Disposing drops what is not kept. */
export interface LookRecord extends Onlooker, Disposable {
  /** Takes what the tree digest of the only source hashes, after all was seen. */
  text(bytes: Uint8Array): void;
  /** For the next build; done once what it answers is. Never fails. */
  keep(query: Query, selected: KeptSelection): Promise<void>;
}

/** What was selected by an earlier query, with what is another way now. */
export interface Recalled {
  readonly before: KeptSelection;
  /** Whether that is what would be selected now. */
  readonly isSame: boolean;
  /** As they are now, by their paths from the root of the tree. */
  readonly directories: ReadonlyMap<BytePath, SeenDirectory>;
  /** In order: those that look another way, as they are now. */
  readonly files: readonly FileEntry[];
  /** As `LookRecord` was given it. */
  readonly text: () => Buffer | undefined;
  /** What the text does not tell of the others, below the base of the source. */
  readonly others: (base: BytePath) => KnownFiles;
  /** For the next build: what is selected now, and the text of that. Never fails. */
  keep(name: string, text: Uint8Array): Promise<void>;
}

/** What COPY's flags say about its sources. */
export interface SelectOptions {
  /** Lines as in a .dockerignore, relative to each directory that is selected (C18). */
  readonly exclude?: readonly string[] | undefined;
  /**
   * Select directories as a whole, with only what the pattern matches in them: the one before "/./",
   * else the root of the tree. "**" then stands for any number of directories (C17).
   */
  readonly parents?: boolean | undefined;
  /** Sees what is looked at, in a tree that has looks. */
  readonly onlooker?: Onlooker | undefined;
}

/** One match of a source pattern. */
export interface SelectedSource {
  /** Base name of the match as written (a followed symlink keeps its own name). */
  readonly name: BytePath;
  /** Where it was found, from the root of the tree: a reader knows its files by that. */
  readonly path: BytePath;
  /** The same without links on the way, in a directory of this machine. */
  readonly base?: BytePath | undefined;
  /**
   * The match itself at path "", then, for a directory, everything below it with paths relative to
   * it, in `comparePaths` order, hardlinks within it recognized. File entries carry `sha256`.
   */
  readonly entries: EntryList;
  /** Directories among them that were not selected, only something inside. */
  readonly implied: ReadonlySet<BytePath>;
  /** Whether an archive is unpacked, where that is not for the step to say. */
  readonly unpack?: boolean | undefined;
}

/** A file that was selected by itself. */
export function single(name: BytePath, file: FileEntry): SelectedSource {
  return { name, path: name, entries: [file], implied: new Set() };
}
