import type { Command } from "./command.js";

/** One build of a Dockerfile, as every builder must be able to do it. */
export interface BuildJob {
  readonly context: string;
  readonly tag: string;
}

/** A program that brings images from and to registries, with a root of its own. */
export interface Carrier extends AsyncDisposable {
  readonly name: string;
  /** For the report, such as "Docker version 20.10.24". */
  readonly version: string;
  /** Brings an image of a registry here. */
  pull(image: string): Command;
  /** Has an image here under a name, so that it can be pushed: a base image, and what a builder puts upon it. */
  prepare(job: BuildJob & { readonly base: string }): Command;
  /** Sends an image to the registry that its tag names. */
  push(tag: string): Command;
  /** Removes images and cache, so that the next command starts from nothing. */
  forget(): Promise<void>;
}

/** A program that builds images: tsbuild or a peer. */
export interface Builder extends Carrier {
  /** Builds an image and names it; nothing else. */
  build(job: BuildJob): Command;
  /** Builds an image and sends it to the registry that its tag names. */
  buildAndPush(job: BuildJob): Command;
  /** Writes a built image into an archive whose layers are compressed with gzip. */
  exportArchive(job: BuildJob, file: string): Command;
  /** Builds with a cache in a registry; undefined where it cannot. */
  readonly farCache?: RemoteCache | undefined;
}

/** A cache for several machines, of all steps, in a repository of a registry. */
export interface RemoteCache {
  /** Builds an image, and exports what that took. */
  fill(job: BuildJob, repository: string): Command;
  /** Builds an image from what was exported. */
  use(job: BuildJob, repository: string): Command;
}

/** What a builder is set up with. */
export interface BuilderSite {
  /** A directory that is the builder's own, on the same disk as those of the others. */
  readonly root: string;
  /** The ordinary user as whom it runs; undefined: as we do. Daemons run as root all the same. */
  readonly account?: string | undefined;
}

/** A peer that is not installed here, or cannot run here. */
export class Missing extends Error {
  override readonly name = "Missing";
}
