import type { StateOrigin } from "../first-change.js";
import { parentOf, stateUpon, type StateKey } from "../key.js";
import type { RootfsFacts } from "../rootfs-facts.js";
import { BuildError, type BuildErrorCode } from "../../error.js";
import type { Descriptor } from "../../oci/descriptor.js";
import type { Digest } from "../../oci/digest.js";
import type { BlobSource } from "../../store/image-ingest.js";
import { messageOf } from "../../sys/system-failure.js";
import type { Display } from "./display.js";
import type { MountName, MountRecord } from "./mount-record.js";
import type { CachePlace } from "./place.js";
import { namesOf, type CacheDocument, type RecordName, type RemoteRecord } from "./record.js";

/** A document, with everything in it found at once. */
interface Known {
  readonly byName: ReadonlyMap<RecordName, RemoteRecord>;
  readonly byIdentity: ReadonlyMap<string, RemoteRecord>;
  readonly facts: ReadonlyMap<StateKey, RootfsFacts>;
  readonly origins: ReadonlyMap<StateKey, StateOrigin>;
}

/**
 * A place that is read in the course of a build. What fails there is told once and is not an answer; from
 * then on the place is left alone.
 */
export class CacheSource implements BlobSource {
  readonly place: CachePlace;
  readonly #board: Display;
  readonly #lost = new Set<Digest>();
  readonly #asked = new Map<RecordName, Promise<readonly RemoteRecord[]>>();
  #loading: Promise<Known | undefined> | undefined;
  #known: Known | undefined;
  #isOff = false;

  constructor(place: CachePlace, board: Display) {
    this.place = place;
    this.#board = board;
  }

  /** A record that the document has. */
  async listed(name: RecordName, signal: AbortSignal): Promise<RemoteRecord | undefined> {
    const record = (await this.#load(signal))?.byName.get(name);
    return record !== undefined && this.#isGood(record) ? record : undefined;
  }

  /** A record that was put under a name; asked of the place once. */
  async named(name: RecordName, signal: AbortSignal): Promise<RemoteRecord | undefined> {
    if (this.#isOff || (await this.#load(signal)) === undefined) return undefined;
    const asked = this.#asked.get(name) ?? this.#ask(name, signal);
    this.#asked.set(name, asked);
    const records = await asked;
    return records.find((record) => namesOf(record).includes(name) && this.#isGood(record));
  }

  /** What was exported of a cache mount. */
  async mount(name: MountName, signal: AbortSignal): Promise<MountRecord | undefined> {
    if ((await this.#load(signal)) === undefined) return undefined;
    return await this.#try(() => this.place.mount(name, signal), signal);
  }

  async facts(state: StateKey, signal: AbortSignal): Promise<RootfsFacts | undefined> {
    return (await this.#load(signal))?.facts.get(state);
  }

  /** By the first of these identities that the document has; only what was read so far. */
  nearest(identities: readonly string[]): RemoteRecord | undefined {
    for (const identity of identities) {
      const record = this.#known?.byIdentity.get(identity);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** The step of which a state is the result; only of what was read so far. */
  origin(state: StateKey): StateOrigin | undefined {
    return this.#known?.origins.get(state);
  }

  open(blob: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.place.open(blob, signal);
  }

  refuse(blob: Descriptor, error: BuildError): boolean {
    const warnings = this.place.refuse?.(blob, error);
    for (const message of warnings ?? []) this.#board.warn(undefined, message);
    return warnings !== undefined;
  }

  /** Forgets a layer that could not be had, and the place where it is the place that failed. */
  lose({ layer }: RemoteRecord, error: unknown): void {
    this.#lost.add(layer.blob.digest);
    if (!isAboutContent(error)) this.#isOff = true;
  }

  /** The same of a cache mount, of which one blob or another could not be had. */
  loseMount({ chunks }: MountRecord): void {
    for (const { blob } of chunks) this.#lost.add(blob.digest);
  }

  /** Whether that blob is among what was lost. */
  isLost({ digest }: Descriptor): boolean {
    return this.#lost.has(digest);
  }

  #isGood({ layer }: RemoteRecord): boolean {
    return !this.#isOff && !this.isLost(layer.blob);
  }

  async #load(signal: AbortSignal): Promise<Known | undefined> {
    if (this.#isOff) return undefined;
    return await (this.#loading ??= this.#read(signal));
  }

  async #read(signal: AbortSignal): Promise<Known | undefined> {
    const vertex = this.#board.declare(`importing cache manifest from ${this.place.title}`);
    this.#board.start(vertex);
    const document = await this.#try(() => this.place.latest(signal), signal);
    this.#board.end(vertex, { kind: "done" });
    if (document === undefined && !this.#isOff) this.#turnOff("nothing was exported there yet");
    return (this.#known = document && indexed(document));
  }

  async #ask(name: RecordName, signal: AbortSignal): Promise<readonly RemoteRecord[]> {
    return (await this.#try(() => this.place.find(name, signal), signal)) ?? [];
  }

  async #try<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      this.#turnOff(messageOf(error));
      return undefined;
    }
  }

  #turnOff(why: string): void {
    const message = `Cannot use ${this.place.title} as a cache: ${why}`;
    if (!this.#isOff) this.#board.warn(undefined, message);
    this.#isOff = true;
  }
}

const contentCodes: ReadonlySet<BuildErrorCode> = new Set([
  "DIGEST_MISMATCH",
  "IMAGE_NOT_FOUND",
  "INVALID_ARCHIVE",
  "INVALID_IMAGE",
  "NOT_AN_IMAGE",
  "UNSUPPORTED",
]);

/** What is there is missing, damaged or of another kind; the place itself is well. */
export function isAboutContent(error: unknown): error is BuildError {
  return error instanceof BuildError && contentCodes.has(error.code);
}

/** What is at a place; undefined also where that cannot be read: then it is going to be replaced. */
export async function readable<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isAboutContent(error)) return undefined;
    throw error;
  }
}

function indexed({ steps, facts, bases }: CacheDocument): Known {
  const byName = new Map<RecordName, RemoteRecord>();
  const byIdentity = new Map<string, RemoteRecord>();
  const origins = new Map<StateKey, StateOrigin>(bases);
  for (const record of [...steps].reverse()) {
    // the latest first: what is set last stays
    for (const name of namesOf(record)) byName.set(name, record);
    for (const identity of record.identities) byIdentity.set(identity, record);
    const parent = parentOf(record.components);
    if (parent === undefined) continue;
    origins.set(stateUpon(parent, record.layer.tree), { title: record.title, parent });
  }
  return { byName, byIdentity, facts: new Map(facts), origins };
}
