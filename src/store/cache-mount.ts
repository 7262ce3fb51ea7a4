import type { Changeset } from "../oci/changeset.js";

/** A directory of `RUN --mount=type=cache`. */
export interface CacheMountRecord {
  /** Its name in the store. */
  readonly name: string;
  /** All of one identity hold the same kind of thing: the first is used where others can be shared. */
  readonly identity: string;
  /** As the Dockerfile has it, for people. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly usedAt: number;
  /** How often it was used again. */
  readonly uses?: number | undefined;
  /** Bytes in it when they were last counted, and when that was. */
  readonly size?: number | undefined;
  readonly measuredAt?: number | undefined;
}

/** Which cache a step wants, and how it shares it. */
export interface CacheMountRequest {
  readonly identity: string;
  readonly id: string;
  /** With anybody; with nobody, by having another one; or with nobody, by waiting (R06). */
  readonly sharing: "shared" | "private" | "locked";
  /** What a new one is like. */
  readonly initial: () => Promise<NewCache>;
  /**
   * Fills the first one with what another machine had, in the place of that. False where there is
   * nothing to be had, or `fill` failed: then it counts as not called.
   */
  readonly restore?: ((fill: FillCache) => Promise<boolean>) | undefined;
}

/** Writes a new directory; what a failure leaves of it is removed. */
export type FillCache = (cache: NewCache) => Promise<void>;

/** A new directory, and what is in it to start with. */
export interface NewCache {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly entries: Changeset;
}

/** A cache in use; disposing lets others have it. */
export interface CacheMount extends AsyncDisposable {
  /** Host path. */
  readonly path: string;
}
