import { single, type SelectedSource } from "../source-tree.js";
import { toBytePath, type BytePath, type FileEntry } from "../../oci/changeset.js";
import { readContent } from "../../oci/content.js";
import { hexOf } from "../../oci/digest.js";
import { shownOf } from "../../plan/git-url.js";
import type { GitSource, HttpSource, RemoteSource } from "../../plan/remote-source.js";
import { redactUrl } from "../../registry/http/web-url.js";
import type { Download } from "../../store/downloads.js";
import type { Store } from "../../store/store.js";
import { newestFile } from "./newest-file.js";
import type { GitRepositories } from "./git-repositories.js";
import type { HttpDownloads, OnBytes } from "./http-downloads.js";

/** What a source is at the time of a build. */
export interface RemoteContent {
  /** For people, and for explaining a miss: "commit of https://…", without secrets. */
  readonly title: string;
  /** Tells whether it is what it was at another time; the same for the same files. */
  readonly identity: readonly string[];
  /** Its files; fetched now, where that has not been done. */
  open(signal: AbortSignal): Promise<SelectedSource>;
  /** When it was made, in seconds: its commit, Last-Modified, or the newest file of an archive (T02). */
  time(signal: AbortSignal): Promise<number | undefined>;
}

/** Finds out what sources are. Each is asked once in a build. */
export interface RemoteReader {
  resolve(source: RemoteSource, onBytes: OnBytes, signal: AbortSignal): Promise<RemoteContent>;
}

/** A source, and what it was: the commit, or the digest of the file. */
export interface Pinned {
  readonly source: RemoteSource;
  readonly pin: string;
}

/** Parts that are opened when the first source of their kind is read. */
export interface RemotesOptions {
  readonly store: Pick<Store, "blobs">;
  readonly downloads: () => Promise<HttpDownloads>;
  readonly repositories: () => Promise<GitRepositories>;
}

/** The sources of one build. */
export class Remotes implements RemoteReader {
  readonly #options: RemotesOptions;
  readonly #known = new Map<string, Promise<RemoteContent>>();
  /** All that was resolved, in no order. */
  readonly pinned: Pinned[] = [];

  constructor(options: RemotesOptions) {
    this.#options = options;
  }

  resolve(source: RemoteSource, onBytes: OnBytes, signal: AbortSignal): Promise<RemoteContent> {
    const key = JSON.stringify(source);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const resolving =
      source.kind === "http" ? this.#http(source, onBytes, signal) : this.#git(source, signal);
    this.#known.set(key, resolving);
    return resolving;
  }

  async #http(source: HttpSource, onBytes: OnBytes, signal: AbortSignal): Promise<RemoteContent> {
    const { url, name, checksum, limit } = source;
    const downloads = await this.#options.downloads();
    const download = await downloads.get({ url, checksum, limit, onBytes }, signal);
    this.pinned.push({ source, pin: download.digest });
    const path = toBytePath(this.#options.store.blobs.path(download.digest));
    const file = fileOf(download, path);
    return {
      title: `content of ${redactUrl(new URL(url))}`,
      identity: ["http", name, download.digest],
      open: () => Promise.resolve(single(toBytePath(name), file)),
      time: async () => download.lastModified ?? (await newestFile(readContent(file))),
    };
  }

  async #git(source: GitSource, signal: AbortSignal): Promise<RemoteContent> {
    const repositories = await this.#options.repositories();
    const resolved = await repositories.resolve(source, signal);
    this.pinned.push({ source, pin: resolved.commit });
    const { remote, ref = "", subdir, keepGitDir, submodules, commitTime } = source;
    return {
      title: `commit of ${shownOf(source)}`,
      identity: [
        ...["git", resolved.commit, subdir, String(submodules), String(commitTime)],
        // A .git tells where it came from, and submodules may be named relative to that.
        ...[keepGitDir ? `${remote}#${ref}` : "", submodules ? remote : ""],
      ],
      open: (inner) => repositories.checkOut(source, resolved, inner),
      time: (inner) => repositories.timeOf(source, resolved, inner),
    };
  }
}

function fileOf({ digest, size, lastModified }: Download, path: BytePath): FileEntry {
  return {
    type: "file",
    path: toBytePath(""),
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: lastModified ?? 0,
    size,
    content: { kind: "file", path, offset: 0 },
    sha256: hexOf(digest),
  };
}
