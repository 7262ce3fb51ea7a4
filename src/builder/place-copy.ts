import { joinPath, parentOf } from "../context/confined.js";
import { emptyRootfs, type Rootfs } from "../context/rootfs.js";
import type { SelectedSource } from "../context/source-tree.js";
import { locate } from "../error.js";
import { digestOf, hexOf } from "../oci/digest.js";
import {
  toBytePath,
  type BytePath,
  type DirectoryEntry,
  type Entry,
  type EntryList,
  type HardlinkEntry,
} from "../oci/changeset.js";
import type { CopyStep } from "../plan/step.js";
import { parseChmod } from "./chmod.js";
import { Dresser, type Owner } from "./dresser.js";
import { placeOnlyTree } from "./place-only-tree.js";
import { isFile, type File } from "./placed-file.js";
import { Placement, type CreatedMetadata } from "./placement.js";
import { unpackArchive } from "./unpack-archive.js";

/** What a COPY or ADD is placed over, and how. */
export interface CopyTarget {
  /** The state before the step. */
  readonly rootfs: Rootfs;
  /** `step.chown`, resolved. */
  readonly owner: Owner | undefined;
  /** A private directory: holds the contents of unpacked archives until the layer is written. */
  readonly work: string;
  /** The time of what has none of its own, in whole seconds; the clock's when left out. */
  readonly now?: number;
}

/**
 * Exactly the entries that the layer of a COPY or ADD holds (SEMANTICS C03 to C14, C16, C21), from
 * what its sources selected; none when a wildcard matched nothing. What exists on the way to them is
 * listed with the metadata it has.
 */
export async function placeCopy(
  step: CopyStep,
  selected: readonly SelectedSource[],
  target: CopyTarget,
): Promise<EntryList> {
  try {
    return await new CopyPlacer(step, target).place(selected);
  } catch (error) {
    throw locate(error, step.at);
  }
}

/** The files of one source as a tree of their own, archives unpacked where `unpack` says so. */
export async function placeTree(
  selected: SelectedSource,
  { unpack, ...target }: CopyTarget & { readonly unpack: boolean },
): Promise<EntryList> {
  return await new CopyPlacer({ ...wholeTree, unpack }, target).place([selected]);
}

const wholeTree = { destination: "/", files: [], chmod: undefined, link: false } as const;

/** The directories that WORKDIR makes (SEMANTICS I07); none when it exists. */
export function placeWorkdir(path: string, owner: Owner, rootfs: Rootfs, now = clock()): EntryList {
  const placement = new Placement(rootfs, { mode: 0o755, ...owner, mtime: now });
  const real = placement.resolve(toBytePath(path));
  if (placement.at(real) === "directory") return [];
  placement.ensureDirectory(real);
  return placement.entries();
}

function clock(): number {
  return Math.floor(Date.now() / 1000);
}

/** What a step says about placing files. */
type Placing = Pick<CopyStep, "chmod" | "destination" | "files" | "link" | "unpack">;

class CopyPlacer {
  readonly #step: Placing;
  readonly #placement: Placement;
  readonly #dresser: Dresser;
  readonly #owner: Owner | undefined;
  readonly #work: string;
  readonly #now: number;

  constructor(step: Placing, { rootfs, owner, work, now = clock() }: CopyTarget) {
    const chmod = step.chmod === undefined ? undefined : parseChmod(step.chmod);
    const created: CreatedMetadata = {
      mode: chmod?.octal === undefined ? 0o755 : chmod.octal & 0o777, // as mkdir takes it
      ...(owner ?? { uid: 0, gid: 0 }),
      mtime: now,
    };
    // As BuildKit: --chmod turns --link off.
    const isolated = step.link && chmod === undefined;
    this.#step = step;
    this.#placement = new Placement(isolated ? emptyRootfs : rootfs, created);
    this.#dresser = new Dresser(owner, chmod);
    this.#owner = owner;
    this.#work = work;
    this.#now = now;
  }

  async place(selected: readonly SelectedSource[]): Promise<EntryList> {
    const [first, ...others] = selected;
    if (first !== undefined && others.length + this.#step.files.length === 0) {
      const [top] = first.entries;
      if (top?.type === "directory") return this.#placeOnlyTree(top, first);
    }
    for (const source of selected) await this.#placeSource(source);
    for (const file of this.#step.files) this.#placeTop(toBytePath(file.name), this.#written(file));
    return this.#placement.entries();
  }

  async #placeSource(source: SelectedSource): Promise<void> {
    const {
      name,
      entries: [top],
      unpack,
    } = source;
    if (top === undefined) return;
    if (top.type === "directory") this.#placeContents(top, source);
    else if (!isFile(top)) throw new Error(`a source cannot be a ${top.type}`);
    else if (!(unpack ?? this.#step.unpack) || !(await this.#unpack(name, top))) {
      this.#placeTop(name, top);
    }
  }

  /** The destination as it resolves now: an earlier source may have placed a link on the way. */
  #destination(): BytePath {
    return this.#placement.resolve(toBytePath(this.#step.destination));
  }

  /** A single file: into the destination when that is a directory, else under its name (C05). */
  #placeTop(name: BytePath, file: File): void {
    const destination = this.#destination();
    const isInside =
      this.#step.destination.endsWith("/") || this.#placement.at(destination) === "directory";
    const path = isInside ? joinPath(destination, name) : destination;
    this.#placement.ensureDirectory(parentOf(path));
    this.#placement.putFile(path, this.#dresser.file(file, path));
  }

  /** A directory: its contents, into the destination, whose own metadata stays but for the time (C04). */
  #placeContents(top: DirectoryEntry, { entries, implied }: SelectedSource): void {
    const destination = this.#destinationFor(top);
    for (const entry of entries) {
      if (entry.path === "") continue; // the directory itself
      const path = joinPath(destination, entry.path);
      if (entry.type === "directory") this.#placeDirectory(entry, path, implied);
      else if (entry.type === "hardlink") this.#placeLink(entry, path, destination);
      else this.#placement.putFile(path, this.#dress(entry, path));
    }
  }

  #destinationFor(top: DirectoryEntry): BytePath {
    const destination = this.#destination();
    this.#placement.ensureDirectory(destination);
    this.#placement.setTime(destination, top.mtime);
    return destination;
  }

  #placeOnlyTree(top: DirectoryEntry, source: SelectedSource): EntryList {
    const destination = this.#destinationFor(top);
    const [placement, dresser] = [this.#placement, this.#dresser];
    return placeOnlyTree(source, { placement, destination, dresser });
  }

  #placeDirectory(entry: DirectoryEntry, path: BytePath, implied: SelectedSource["implied"]): void {
    const dressed = this.#dresser.directory({ ...entry, path });
    if (implied.has(entry.path)) this.#placement.passDirectory(dressed, entry.mode);
    else this.#placement.putDirectory(dressed);
  }

  #placeLink({ target }: HardlinkEntry, path: BytePath, destination: BytePath): void {
    if (this.#placement.putLink(path, joinPath(destination, target))) return;
    throw new Error(`nothing was there for hardlink ${path}`);
  }

  #dress(entry: Entry, path: BytePath): File {
    if (!isFile(entry)) throw new Error(`a source cannot hold a ${entry.type}`);
    return this.#dresser.file(entry, path);
  }

  async #unpack(name: BytePath, file: File): Promise<boolean> {
    if (file.type !== "file" || file.size === 0) return false;
    const into = { placement: this.#placement, destination: this.#destination() };
    return await unpackArchive({ name, file, ...into, owner: this.#owner, work: this.#work });
  }

  #written({ body }: CopyStep["files"][number]): File {
    const bytes = Buffer.from(body, "utf8");
    return {
      type: "file",
      path: "" as BytePath,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: this.#now,
      size: bytes.byteLength,
      content: { kind: "bytes", bytes },
      sha256: hexOf(digestOf(bytes)),
    };
  }
}
