import { createHash, hash } from "node:crypto";
import { comparePaths, type BytePath, type FileEntry } from "../oci/changeset.js";
import { briefObjects } from "../sys/brief-objects.js";
import { fileTypes, type FileStat } from "../sys/file-stat.js";
import { tellingFilesystem } from "../sys/telling-filesystem.js";
import { ConfinedRoot, joinPath, nameOf, parentOf, pathBelow } from "./confined.js";
import { EntryReader } from "./entry-reader.js";
import { KnownFiles } from "./known-files.js";
import { KnownNames } from "./known-names.js";
import type { KeptLook, LookMemory } from "./look-memory.js";
import { LookAgain } from "./look-again.js";
import { LookWriter } from "./look.js";
import { LookingReader } from "./looking-reader.js";
import type { LocalTree } from "./local-tree.js";
import { selectLocally } from "./select-locally.js";
import type { LookRecord, Looks, Query, Recalled } from "./source-tree.js";

/** Of fewer files, all that there is to know is known as soon. */
const MANY = 500;

/** So many bytes are read as soon as it is known which of the files were read before. */
const LITTLE = 1 << 24;

/** Bytes of a look at 100,000 files, and of larger ones. */
const VAST = 1 << 23;

/** Looks at what COPY selects from a directory of the host, and reads what differs from an earlier look. */
export class LocalLooks implements Looks {
  readonly #tree: LocalTree;
  readonly #memory: LookMemory;

  constructor(tree: LocalTree, memory: LookMemory) {
    this.#tree = tree;
    this.#memory = memory;
  }

  async recall(query: Query): Promise<Recalled | undefined> {
    const kept = this.#memory.get(this.#nameOf(query));
    if (kept === undefined) return undefined;
    try {
      const again = await this.#lookAgain(query, kept.look);
      const base = kept.selected.source?.base;
      if (!again.isWhole || (!again.isSame && base === undefined)) return undefined;
      const files = base === undefined ? [] : await this.#readAgain(again, base);
      return files && this.#recalled(query, kept, { again, files });
    } catch {
      return undefined; // whoever selects hears of what is wrong
    }
  }

  async #lookAgain(query: Query, look: Uint32Array): Promise<LookAgain> {
    if (look.byteLength > VAST) await briefObjects();
    const again = new LookAgain(look, tellingFilesystem(this.#tree.root));
    const reader = new LookingReader(again);
    for (const pattern of query.patterns)
      await selectLocally(this.#tree, pattern, { ...query, onlooker: again }, reader);
    return again;
  }

  /** Undefined unless all that changed are files with one name each, below the base. */
  async #readAgain(again: LookAgain, base: BytePath): Promise<readonly FileEntry[] | undefined> {
    if (again.changedFiles.length === 0) return [];
    const entries: FileEntry[] = [];
    const { root } = this.#tree;
    const isMuch = again.changedBytes > LITTLE;
    const index = isMuch ? await this.#tree.index?.() : undefined;
    await using _index = {
      [Symbol.asyncDispose]: async () => {
        if (isMuch) await this.#tree.letGo?.();
      },
    };
    using confined = new ConfinedRoot(root);
    for (const file of again.changedFiles) {
      const { path } = file;
      const isBelow = base === "" || path.startsWith(`${base}/`);
      using open = confined.directory(parentOf(path));
      if (!isBelow || open === undefined) return undefined;
      const see = (_: BytePath, stat: FileStat): void => {
        again.update(file, stat);
      };
      const alone = { spool: undefined, thread: undefined };
      const reader = new EntryReader({ root, index, ...alone, onlooker: { see } });
      const named = { name: nameOf(path), path, entryPath: pathBelow(base, path) };
      const read = await reader.read({ directory: open, ...named }, "anything");
      if (read?.entry.type !== "file" || read.inode !== undefined) return undefined;
      if (read.entry.content.kind !== "file") return undefined; // a socket
      entries.push(read.entry);
    }
    return entries.sort((a, b) => comparePaths(a.path, b.path));
  }

  #recalled(query: Query, kept: KeptLook, { again, files }: Seen): Recalled {
    const { look, selected: before, text } = kept;
    return {
      before,
      isSame: again.isSame,
      directories: again.directories,
      files,
      text,
      others: (base) => new KnownFiles(this.#tree.root, base, look),
      keep: (name, changed) =>
        this.#memory.keep({
          query: this.#nameOf(query),
          selected: { ...before, name },
          day: kept.day,
          look: new Uint8Array(look.buffer),
          text: changed,
        }),
    };
  }

  begin(query: Query): LookRecord {
    const known = this.#knownNames(query);
    let directory = "" as BytePath;
    const draft = this.#memory.draft();
    const writer = new LookWriter((bytes) => {
      draft.look(bytes);
    });
    return {
      enter: (path) => {
        directory = path;
        writer.enter(path);
      },
      see: (name, stat) => {
        writer.see(name, stat);
        if (known !== undefined && stat.type === fileTypes.directory)
          known.see(joinPath(directory, name), stat);
      },
      knows: (path) => known?.has(path) === true,
      names: (path) => known?.in(path) ?? [],
      text: (bytes) => {
        if (writer.files < MANY) return;
        writer.end();
        draft.text(bytes);
      },
      keep: async (query, selected) => {
        if (writer.files < MANY) return;
        writer.end();
        await draft.keep(this.#nameOf(query), selected);
      },
      [Symbol.dispose]: () => {
        draft[Symbol.dispose]();
      },
    };
  }

  /** Those of the earlier look for that query; a damaged one might lack some. */
  #knownNames(query: Query): KnownNames | undefined {
    const kept = this.#memory.get(this.#nameOf(query));
    if (kept === undefined || hash("sha256", kept.look, "hex") !== kept.digest) return undefined;
    try {
      const filesystem = tellingFilesystem(this.#tree.root);
      return filesystem === undefined ? undefined : new KnownNames(kept.look, filesystem);
    } catch {
      return undefined; // whoever selects hears of what is wrong
    }
  }

  #nameOf({ patterns, exclude, parents }: Query): string {
    const ignore = this.#tree.ignore?.source.text;
    const asked = JSON.stringify([patterns, exclude, parents, ignore]);
    return createHash("sha256").update(asked).digest("hex");
  }
}

interface Seen {
  readonly again: LookAgain;
  readonly files: readonly FileEntry[];
}
