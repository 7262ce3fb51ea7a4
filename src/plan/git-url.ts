import { BuildError } from "../error.js";
import { parseGoBoolean } from "../go-boolean.js";
import type { GitSource } from "./remote-source.js";

/** A git URL taken apart; what was not said is undefined. */
export interface GitUrl extends Pick<GitSource, "remote" | "ref" | "checksum"> {
  readonly subdir: string | undefined;
  readonly keepGitDir: boolean | undefined;
  readonly submodules: boolean | undefined;
  readonly commitTime: boolean | undefined;
  readonly fetchByCommit: boolean | undefined;
}

/**
 * Reads a URL that names a git repository (SEMANTICS C23, B06): "git@host:path", "ssh://…", "git://…"
 * and "http(s)://….git", each with "#ref:subdir" or a query. Undefined when it is something else;
 * throws USAGE for a query or a fragment that is wrong.
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  const parts = splitUrl(text);
  if (parts === undefined) return undefined;
  const { remote, query, fragment } = parts;
  const at = fragment.indexOf(":");
  const ref = at < 0 ? fragment : fragment.slice(0, at);
  const subdir = at < 0 ? "" : fragment.slice(at + 1);
  const url = new QueryReader(text, query).read({
    remote,
    ref: ref || undefined,
    subdir: subdir || undefined,
    checksum: undefined,
    keepGitDir: undefined,
    submodules: undefined,
    commitTime: undefined,
    fetchByCommit: undefined,
  });
  if (url.ref?.startsWith("-") === true) throw wrong(text, `"${url.ref}" is not a ref`);
  if ([url.ref, url.subdir, url.checksum].some((part) => part?.includes("\0") === true))
    throw wrong(text, "it has a NUL character in it");
  return url;
}

/** As `parseGitUrl`, of a build context, where "github.com/user/repository" is one, too. */
export function parseGitContext(text: string): GitUrl | undefined {
  const legacy = text.startsWith("github.com/");
  if (!legacy) return parseGitUrl(text);
  const [, path = "", rest = ""] = /^([^?#]*)(.*)$/s.exec(text) ?? [];
  const suffix = path.endsWith(".git") ? "" : ".git";
  return parseGitUrl(`https://${path.replace(/\/$/, "")}${suffix}${rest}`);
}

/** With the defaults for what a URL did not say. */
export function gitSource(url: GitUrl): GitSource {
  return {
    kind: "git",
    ...url,
    subdir: url.subdir ?? "",
    keepGitDir: url.keepGitDir ?? false,
    submodules: url.submodules ?? true,
    commitTime: url.commitTime ?? false,
    fetchByCommit: url.fetchByCommit ?? false,
  };
}

interface Parts {
  readonly remote: string;
  readonly query: string;
  readonly fragment: string;
}

function splitUrl(text: string): Parts | undefined {
  const [, base = "", query = "", fragment = ""] =
    /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  const scheme = /^([a-z0-9]+):\/\/./i.exec(base)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const isScp = /^[a-zA-Z0-9_][a-zA-Z0-9_-]*@[a-zA-Z0-9.][a-zA-Z0-9.-]*:/.test(base);
    return isScp ? { remote: base, query, fragment } : undefined;
  }
  const isGit =
    ["git", "ssh"].includes(scheme) ||
    (["http", "https"].includes(scheme) && /:\/\/[^/]*\/.*\.git$/s.test(base));
  return isGit ? { remote: base, query, fragment: decoded(text, fragment) } : undefined;
}

function decoded(text: string, fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    throw wrong(text, `"#${fragment}" is badly escaped`);
  }
}

function wrong(text: string, why: string): BuildError {
  return new BuildError("USAGE", `Cannot use the git URL "${redactRemote(text)}": ${why}`, {
    hint: "what may follow is #ref:subdir, or ?branch=…&subdir=… (ref, tag, branch, subdir, checksum, commit, keep-git-dir, submodules, mtime, fetch-by-commit)",
  });
}

/** A URL or "user@host:path" for people: without user and password (which may hold an "@") where it has a scheme. */
export function redactRemote(remote: string): string {
  return remote.replace(/^([a-z0-9]+:\/\/)[^/]*@/i, "$1");
}

/** A source for people. */
export function shownOf({ remote, ref, subdir }: GitSource): string {
  const fragment = `${ref ?? ""}${subdir === "" ? "" : `:${subdir}`}`;
  return `${redactRemote(remote)}${fragment === "" ? "" : `#${fragment}`}`;
}

/** Reads the query of one URL: each key once, none that is not known, none against another. */
class QueryReader {
  readonly #text: string;
  readonly #query: URLSearchParams;

  constructor(text: string, query: string) {
    this.#text = text;
    this.#query = new URLSearchParams(query);
  }

  read(url: GitUrl): GitUrl {
    let read = url;
    for (const key of new Set(this.#query.keys())) {
      if (this.#query.getAll(key).length > 1)
        throw this.#wrong(`query "${key}" has multiple values`);
      read = { ...read, ...this.#setting(key, read) };
    }
    if (this.#query.has("tag") && this.#query.has("branch")) {
      throw this.#wrong("branch conflicts with tag");
    }
    return read;
  }

  #setting(key: string, url: GitUrl): Partial<GitUrl> {
    switch (key) {
      case "ref":
        return { ref: this.#agreeing(key, this.#value(key), url.ref) };
      case "tag":
        return { ref: this.#agreeing("ref", this.#full(key, "refs/tags/"), url.ref) };
      case "branch":
        return { ref: this.#agreeing("ref", this.#full(key, "refs/heads/"), url.ref) };
      case "subdir":
        return { subdir: this.#agreeing(key, this.#value(key), url.subdir) };
      case "checksum":
      case "commit":
        return { checksum: this.#agreeing("checksum", this.#value(key), url.checksum) };
      case "keep-git-dir":
        return { keepGitDir: this.#boolean(key) };
      case "submodules":
        return { submodules: this.#boolean(key) };
      case "fetch-by-commit":
        return { fetchByCommit: this.#boolean(key) };
      case "mtime":
        return { commitTime: this.#mtime() };
      default:
        throw this.#wrong(`unexpected query "${key}"`);
    }
  }

  #value(key: string): string {
    const value = this.#query.get(key) ?? "";
    if (value === "") throw this.#wrong(`query "${key}" has no value`);
    return value;
  }

  #full(key: string, prefix: string): string {
    const value = this.#value(key);
    return value.startsWith(prefix) ? value : `${prefix}${value}`;
  }

  #agreeing(what: string, value: string, other: string | undefined): string {
    if (other === undefined || other === value) return value;
    throw this.#wrong(`${what} conflicts: "${other}" vs "${value}"`);
  }

  /** No value means true. */
  #boolean(key: string): boolean {
    const value = this.#query.get(key) ?? "";
    const boolean = value === "" || parseGoBoolean(value);
    if (boolean !== undefined) return boolean;
    throw this.#wrong(`invalid ${key} value: "${value}"`);
  }

  #mtime(): boolean {
    const value = this.#value("mtime");
    if (value === "commit") return true;
    if (value === "checkout") return false;
    throw this.#wrong(`invalid mtime value: "${value}", want checkout or commit`);
  }

  #wrong(why: string): BuildError {
    return wrong(this.#text, why);
  }
}
