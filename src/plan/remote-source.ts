import type { Digest } from "../oci/digest.js";

/** A file that ADD downloads, or an http(s) context. */
export interface HttpSource {
  readonly kind: "http";
  readonly url: string;
  /** What the file is called where its destination is a directory. */
  readonly name: string;
  /** Of the body. */
  readonly checksum: Digest | undefined;
  /** ADD --unpack: an archive is unpacked. */
  readonly unpack: boolean;
  /** Longest body that is taken, in bytes. */
  readonly limit?: number | undefined;
}

/** A git repository at one commit. */
export interface GitSource {
  readonly kind: "git";
  /** What git is given: no fragment, no query. */
  readonly remote: string;
  /** A branch, a tag, a full ref or a commit; undefined is the default branch. */
  readonly ref: string | undefined;
  /** "" is all of it. */
  readonly subdir: string;
  /** How the commit's id must begin. */
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
  /** Files have the time of the commit instead of now. */
  readonly commitTime: boolean;
  /** The commit that `checksum` names is fetched without asking for the ref. */
  readonly fetchByCommit: boolean;
}

/** What comes from the network. */
export type RemoteSource = GitSource | HttpSource;

/** Whether text begins like a URL for HTTP. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A URL as a file that keeps the last name of its path. */
export function httpSource(
  url: string,
  { checksum, unpack = false }: Partial<Pick<HttpSource, "checksum" | "unpack">> = {},
): HttpSource {
  return { kind: "http", url, name: fileName(url), checksum, unpack };
}

function fileName(url: string): string {
  const unnamed = "__unnamed__"; // BuildKit's
  if (!URL.canParse(url)) return unnamed;
  const path = decoded(new URL(url).pathname).replace(/\/+$/, "");
  const name = path.slice(path.lastIndexOf("/") + 1);
  return ["", ".", ".."].includes(name) || name.includes("\0") ? unnamed : name;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
