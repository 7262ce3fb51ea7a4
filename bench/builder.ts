import type { Command } from "./command.js";

/** One build of a Dockerfile, as every builder must be able to do it. */
export interface BuildJob {
  readonly context: string;
  readonly tag: string;
}

/** A program that builds images: tsbuild or a peer, with a root of its own. */
export interface Builder extends AsyncDisposable {
  readonly name: string;
  /** For the report, such as "Docker version 20.10.24". */
  readonly version: string;
  /** Builds an image and names it; nothing else. */
  build(job: BuildJob): Command;
  /** Builds an image and sends it to the registry that its tag names. */
  buildAndPush(job: BuildJob): Command;
  /** Writes a built image into an archive whose layers are compressed with gzip. */
  exportArchive(job: BuildJob, file: string): Command;
  /** Removes images and cache, so that the next build starts from nothing. */
  forget(): Promise<void>;
}

/** What a builder is set up with. */
export interface BuilderSite {
  /** A directory that is the builder's own, on the same disk as those of the others. */
  readonly root: string;
}

/** Sets a builder up. Throws `Missing` where it cannot run. */
export type BuilderFactory = (site: BuilderSite) => Promise<Builder>;

/** A peer that is not installed here, or cannot run here. */
export class Missing extends Error {
  override readonly name = "Missing";
}
