/** Where the result of a cached step is from. Plain JSON: it is kept. */
export interface HitSource {
  /**
   * "record": a step of the same key was run before. "content": a layer that holds just what the step
   * would write was there. "build": the same step of this build, where `--no-cache` asks for no other.
   */
  readonly kind: "build" | "content" | "record";
  /** When it was made, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** What step made it: "RUN make". */
  readonly step?: string | undefined;
  /** How long that took, in milliseconds, where it is known. */
  readonly took?: number | undefined;
  /** The cache of elsewhere that it came from; undefined: it was made here. */
  readonly importedFrom?: string | undefined;
}
