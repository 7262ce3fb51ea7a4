import { arch } from "node:os";
import { BuildError } from "../error.js";
import { parseDigest, type Digest } from "../oci/digest.js";
import type { ImageConfig } from "../oci/image.js";
import { parseImageConfig } from "../oci/image-json.js";
import { formatPlatform, hostPlatform, type Platform } from "../oci/platform.js";
import { formatReference, parseReference } from "../oci/reference.js";
import { selectPlatform } from "../oci/select-platform.js";
import type { Blobs } from "./blobs.js";
import type { Database, Table } from "./database.js";
import type { ImageRecord } from "./image-record.js";
import { isIndex, readMembers, type Members } from "./image-members.js";

/** One line of `tsbuild images`. */
export interface ListedImage {
  /** Complete, as formatReference writes it; undefined when no name leads to the image any more. */
  readonly name: string | undefined;
  readonly record: ImageRecord;
}

/** What `remove` did. */
export interface Removal {
  readonly untagged: readonly string[];
  /** The image that is gone with its last name. */
  readonly deleted: Digest | undefined;
}

/** Image names, and the images they lead to. */
export class Images {
  readonly #database: Database;
  readonly #blobs: Blobs;
  readonly #names: Table<Digest>;
  readonly #records: Table<ImageRecord>;
  /** Images of other platforms, by name and platform. */
  readonly #aside: Table<Digest>;

  constructor(database: Database, blobs: Blobs) {
    this.#database = database;
    this.#blobs = blobs;
    this.#names = database.table("names");
    this.#records = database.table("images");
    this.#aside = database.table("images-aside");
  }

  /**
   * Records an image whose blobs and layers are stored, under `names`; each name that led elsewhere
   * moves. An image that loses its last name this way stays, nameless.
   */
  async put(record: ImageRecord, names: readonly string[]): Promise<void> {
    const keys = names.map(normalize);
    if (this.#isKnown(record, keys)) return; // a cached build writes nothing
    await this.#database.transaction(() => {
      const known = this.#records.get(record.id);
      const { manifest, built } = record.manifest === undefined ? pulled(known) : record;
      this.#records.put(record.id, { ...(known ?? record), manifest, built });
      for (const key of keys) this.#names.put(key, record.id);
    });
  }

  #isKnown({ id, manifest }: ImageRecord, keys: readonly string[]): boolean {
    const known = this.#records.get(id);
    if (known === undefined || !keys.every((key) => this.#names.get(key) === id)) return false;
    if (manifest === undefined) return known.manifest === undefined || known.built !== true;
    return manifest.digest === known.manifest?.digest;
  }

  /**
   * Finds by name, by id, or by the beginning of an id that fits only one image and has at least
   * `digits` digits.
   */
  find(text: string, digits = 1): ImageRecord | undefined {
    const id = idOf(text);
    if (id !== undefined) return this.#records.get(id);
    const named = this.#findName(text);
    const found = named === undefined ? undefined : this.#names.get(named);
    return found === undefined ? this.#findPrefix(text, digits) : this.#records.get(found);
  }

  /** As `find`; IMAGE_NOT_FOUND when there is none. */
  get(text: string): ImageRecord {
    const record = this.find(text);
    if (record !== undefined) return record;
    throw new BuildError("IMAGE_NOT_FOUND", `Cannot find image "${text}" in the store`, {
      hint: `"tsbuild images" lists what is there`,
    });
  }

  /** The config of an image, verified; of an index that of its image for this machine, else of the first. */
  async config(record: ImageRecord): Promise<ImageConfig> {
    return parseImageConfig(await this.#blobs.readWhole((await this.own(record)).id));
  }

  /** The image itself; of an index its image for this machine, else the first. */
  async own(record: ImageRecord): Promise<ImageRecord> {
    if (!isIndex(record)) return record;
    const own = await this.member(record, hostPlatform(arch()));
    const image = own ?? (await readMembers(record, this.#blobs)).images[0];
    if (image === undefined) throw new Error(`the index ${record.id} lists no image`);
    return image;
  }

  /** The image of an index that runs on `platform`; what is not an index is itself. */
  async member(record: ImageRecord, platform: Platform): Promise<ImageRecord | undefined> {
    if (!isIndex(record)) return record;
    const { index, images } = await readMembers(record, this.#blobs);
    const digest = selectPlatform(index, platform)?.digest;
    return images.find(({ manifest }) => manifest?.digest === digest);
  }

  /** Every image below a record, and the blobs that keep an index whole. */
  async members(record: ImageRecord): Promise<Members> {
    if (isIndex(record)) return await readMembers(record, this.#blobs);
    return { images: [record], blobs: [] };
  }

  /**
   * Records an image of another platform that a build started from. It has no name of its own: that stays
   * with the image for this machine, and pruning does not spare it.
   */
  async putAside(record: ImageRecord, name: string, platform: Platform): Promise<void> {
    await this.put(record, []);
    const key = asideKey(name, platform);
    if (this.#aside.get(key) !== record.id) this.#aside.put(key, record.id);
  }

  /** Finds what `putAside` was given. */
  findAside(name: string, platform: Platform): ImageRecord | undefined {
    const id = this.#aside.get(asideKey(name, platform));
    return id === undefined ? undefined : this.#records.get(id);
  }

  /** The names under which `putAside` put images, by their ids. */
  namesAside(): ReadonlyMap<Digest, string> {
    const names = this.#aside.entries().map(([key, id]) => [id, key.split(" ")[0] ?? ""] as const);
    return new Map(names);
  }

  /** The image of that id. */
  peek(id: Digest): ImageRecord | undefined {
    return this.#records.get(id);
  }

  /** Gives an image another name. */
  async tag(source: string, name: string): Promise<void> {
    await this.#blobs.has(this.get(source).id); // from here on nobody removes it
    this.#database.refresh();
    await this.put(this.get(source), [name]);
  }

  /** Forgets an image with all its names. */
  async forget(id: Digest): Promise<void> {
    await this.#database.transaction(() => {
      for (const name of this.namesOf(id)) this.#names.remove(name);
      this.#forget(id);
    });
  }

  /** Every name in order, then every image without one. */
  list(): readonly ListedImage[] {
    const named: ListedImage[] = [];
    const nameless = new Map(this.#records.entries());
    for (const [name, id] of this.#names.entries()) {
      const record = this.#records.get(id);
      if (record !== undefined) named.push({ name, record });
      nameless.delete(id);
    }
    return [...named, ...[...nameless.values()].map((record) => ({ name: undefined, record }))];
  }

  /** The names of an image, in order. */
  namesOf(id: Digest): readonly string[] {
    return this.#names
      .entries()
      .filter(([, target]) => target === id)
      .map(([name]) => name);
  }

  /**
   * Takes names away, and with its last name each image itself; an id takes the image with its only
   * name, with `force` with all its names. What cannot be removed gives an error in its place. Layers and blobs
   * stay until they are pruned.
   */
  async remove(
    texts: readonly string[],
    { force = false } = {},
  ): Promise<readonly (BuildError | Removal)[]> {
    let removals: readonly (BuildError | Removal)[] = [];
    // What leads to the images is asked in there: another process may be giving them names.
    await this.#database.transaction(() => {
      const names = this.#namesById();
      removals = texts.map((text) => this.#tryRemove(text, force, names));
    });
    return removals;
  }

  /** To go through all names for each of thousands would take seconds. */
  #namesById(): ReadonlyMap<Digest, Set<string>> {
    const names = new Map<Digest, Set<string>>();
    for (const [name, id] of this.#names.entries()) {
      const others = names.get(id);
      if (others === undefined) names.set(id, new Set([name]));
      else others.add(name);
    }
    return names;
  }

  #tryRemove(
    text: string,
    force: boolean,
    namesById: ReadonlyMap<Digest, Set<string>>,
  ): BuildError | Removal {
    try {
      const { id } = this.get(text);
      const names = namesById.get(id) ?? new Set();
      const name = idOf(text) === undefined ? this.#findName(text) : undefined;
      if (name === undefined && names.size > 1 && !force) throw severalNames(text, [...names]);
      const untagged = name === undefined ? [...names] : [name];
      for (const key of untagged) {
        this.#names.remove(key);
        names.delete(key);
      }
      if (names.size > 0) return { untagged, deleted: undefined };
      this.#forget(id);
      return { untagged, deleted: id };
    } catch (error) {
      if (error instanceof BuildError) return error;
      throw error;
    }
  }

  #forget(id: Digest): void {
    this.#records.remove(id);
    for (const [key, target] of this.#aside.entries()) if (target === id) this.#aside.remove(key);
  }

  /** The name as it is kept, when the text is a name that leads somewhere. */
  #findName(text: string): string | undefined {
    const key = tryNormalize(text);
    if (key === undefined || this.#names.get(key) !== undefined) return key;
    const at = key.indexOf("@");
    return at < 0 ? undefined : this.#findByManifest(key.slice(0, at), key.slice(at + 1));
  }

  /** "web@sha256:…" finds what was pulled as "web:1" when its manifest is that one. */
  #findByManifest(repository: string, digest: string): string | undefined {
    const entry = this.#names.entries(`${repository}:`).find(([, id]) => {
      return this.#records.get(id)?.manifest?.digest === digest;
    });
    return entry?.[0];
  }

  #findPrefix(text: string, digits: number): ImageRecord | undefined {
    const prefix = /^(?:sha256:)?([0-9a-f]+)$/.exec(text)?.[1];
    if (prefix === undefined || prefix.length < digits) return undefined;
    const found = this.#records.entries(`sha256:${prefix}`);
    if (found.length < 2) return found[0]?.[1];
    const message = `Cannot choose an image: ${found.length} image ids start with "${text}"`;
    throw new BuildError("IMAGE_NOT_FOUND", message, { hint: "give more digits of the id" });
  }
}

/** What is kept of an image that is built again: the manifest that it was pulled with. */
function pulled(known: ImageRecord | undefined): Pick<ImageRecord, "built" | "manifest"> {
  return known === undefined || known.built === true ? {} : known;
}

function asideKey(name: string, platform: Platform): string {
  return `${normalize(name)} ${formatPlatform(platform)}`;
}

/** A whole id, with or without "sha256:". */
function idOf(text: string): Digest | undefined {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text)?.[1];
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`);
}

/** The key of a name. Of "web:1@sha256:…" the digest counts, as in Docker. */
function normalize(name: string): string {
  const { registry, repository, tag, digest } = parseReference(name);
  const rest = digest === undefined ? { tag: tag ?? "latest" } : { digest };
  return formatReference({ registry, repository, ...rest });
}

function tryNormalize(text: string): string | undefined {
  try {
    return normalize(text);
  } catch (error) {
    if (error instanceof BuildError) return undefined; // no name; perhaps the beginning of an id
    throw error;
  }
}

function severalNames(text: string, names: readonly string[]): BuildError {
  const message = `Cannot remove image "${text}": it has several names: ${names.join(", ")}`;
  return new BuildError("STORE", message, { hint: "remove them by name, or use --force" });
}
