import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { openDirectoryContext } from "../directory-context.js";
import type { SelectedSource } from "../source-tree.js";
import { BuildError } from "../../error.js";
import type { Entry } from "../../oci/changeset.js";
import { redactRemote, shownOf } from "../../plan/git-url.js";
import type { GitSource } from "../../plan/remote-source.js";
import type { SecretSource } from "../../secret-source.js";
import { gitAuthorization } from "./authorization.js";
import { GitFailure, type Git, type GitCall } from "./git.js";
import { checkCommit, isCommit, lsRemotePatterns, readRefs, type Resolved } from "./git-refs.js";

/** What reading repositories needs. */
export interface GitRepositoriesOptions {
  readonly git: Git;
  readonly secrets: SecretSource;
  /** A private directory that may vanish with this process. */
  readonly work: string;
}

/** Git repositories of other machines, each at one commit (SEMANTICS C23). */
export class GitRepositories {
  readonly #options: GitRepositoriesOptions;

  constructor(options: GitRepositoriesOptions) {
    this.#options = options;
  }

  /** The commit that a source names now; a full commit needs no network. */
  async resolve(source: GitSource, signal: AbortSignal): Promise<Resolved> {
    const { ref, checksum, fetchByCommit } = source;
    const resolved = await this.#resolve(source, signal);
    if (fetchByCommit && (checksum === undefined || !isCommit(checksum))) {
      const message = `Cannot use "${shownOf(source)}": fetch-by-commit needs a whole commit`;
      throw new BuildError("REMOTE", message, { hint: "add ?commit=… with all its digits" });
    }
    if (resolved === undefined) {
      const what = ref === undefined ? "any branch" : `ref "${ref}"`;
      const message = `Cannot use "${shownOf(source)}": repository does not contain ${what}`;
      throw new BuildError("REMOTE", message);
    }
    checkCommit(shownOf(source), checksum, resolved);
    return resolved;
  }

  async #resolve(source: GitSource, signal: AbortSignal): Promise<Resolved | undefined> {
    const { ref, checksum, fetchByCommit } = source;
    const pinned = fetchByCommit ? checksum : ref;
    if (pinned !== undefined && isCommit(pinned)) {
      return { commit: pinned, ref: undefined, tag: undefined };
    }
    const args = ["ls-remote", "--symref", "--", source.remote, ...lsRemotePatterns(ref)];
    const output = await this.#remote(source, { args, directory: this.#options.work }, signal);
    return readRefs(output, ref);
  }

  /** The files of a commit, which stay until this process ends. */
  async checkOut(
    source: GitSource,
    resolved: Resolved,
    signal: AbortSignal,
  ): Promise<SelectedSource> {
    return await (await this.#checkout(source, resolved, signal)).run();
  }

  /** When a commit was made, in seconds since 1970. */
  async timeOf(source: GitSource, resolved: Resolved, signal: AbortSignal): Promise<number> {
    return await (await this.#checkout(source, resolved, signal)).time();
  }

  async #checkout(source: GitSource, resolved: Resolved, signal: AbortSignal): Promise<Checkout> {
    const directory = await mkdtemp(join(this.#options.work, "git-"));
    const tree = join(directory, "tree");
    await mkdir(tree);
    await chmod(tree, 0o755); // whatever the umask is
    return new Checkout(source, resolved, {
      tree,
      local: (args) => this.#options.git.run({ args, directory: tree }, signal),
      remote: (args) => this.#remote(source, { args, directory: tree }, signal),
    });
  }

  /** Calls git with what the repository wants to see of us. */
  async #remote(source: GitSource, call: GitCall, signal: AbortSignal): Promise<string> {
    const { git, secrets } = this.#options;
    const authorization = await gitAuthorization(source.remote, secrets);
    const header = `http.${scopeOf(source.remote)}.extraheader`;
    const config =
      authorization === undefined ? [] : [[header, `Authorization: ${authorization}`] as const];
    try {
      return await git.run({ ...call, config }, signal);
    } catch (cause) {
      throw cause instanceof GitFailure ? unreadable(source, cause) : cause;
    }
  }
}

/** A token for a repository on GitHub is for its submodules there, too; elsewhere for it alone. */
function scopeOf(remote: string): string {
  return /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0] ?? remote;
}

function unreadable(source: GitSource, cause: GitFailure): BuildError {
  const denied = /authentication|could not read (?:username|password)|permission denied|403/i;
  const hint = !denied.test(cause.stderr)
    ? undefined
    : /^https?:/i.test(source.remote)
      ? "a private repository wants the secret GIT_AUTH_TOKEN, given with --secret"
      : "a private repository wants a key in the ssh agent that SSH_AUTH_SOCK names";
  const message = `Cannot fetch "${shownOf(source)}": ${cause.message}`;
  return new BuildError("REMOTE", message, { cause, hint });
}

interface CheckoutTools {
  /** Where the files go. */
  readonly tree: string;
  readonly local: (args: readonly string[]) => Promise<string>;
  /** With the network, and who we are. */
  readonly remote: (args: readonly string[]) => Promise<string>;
}

/** One commit on its way to files. */
class Checkout {
  readonly #source: GitSource;
  readonly #resolved: Resolved;
  readonly #tools: CheckoutTools;

  constructor(source: GitSource, resolved: Resolved, tools: CheckoutTools) {
    this.#source = source;
    this.#resolved = resolved;
    this.#tools = tools;
  }

  async run(): Promise<SelectedSource> {
    const { local, remote } = this.#tools;
    const { commit } = this.#resolved;
    await this.#start();
    await this.#fetch();
    await local(["checkout", "--quiet", "--force", "--detach", commit]);
    if (this.#source.submodules) {
      await remote(["submodule", "update", "--quiet", "--init", "--recursive", "--depth=1"]);
    }
    const time = await this.#time();
    if (this.#keepsGit()) await this.#tidy();
    else await removeGit(this.#tools.tree);
    const selected = await this.#select();
    return this.#source.commitTime ? atTime(selected, time) : selected;
  }

  /** Without a filter: where a server knows none, git would fetch in circles. */
  async time(): Promise<number> {
    await this.#start();
    await this.#fetch();
    return await this.#time();
  }

  async #start(): Promise<void> {
    const { local } = this.#tools;
    await local(["init", "--quiet"]);
    await local(["remote", "add", "--", "origin", this.#source.remote]);
  }

  async #time(): Promise<number> {
    return Number(await this.#tools.local(["log", "-1", "--format=%ct", this.#resolved.commit]));
  }

  /** .git is that of the whole repository, not of a directory in it. */
  #keepsGit(): boolean {
    return this.#source.keepGitDir && /^[./]*$/.test(this.#source.subdir);
  }

  /** One commit deep: by its ref, where it still leads there, else by its id, else everything. */
  async #fetch(): Promise<void> {
    const { commit, ref } = this.#resolved;
    const all = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
    const ways = [
      ...(ref === undefined ? [] : [["--depth=1", ref === "HEAD" ? ref : `+${ref}:${ref}`]]),
      ["--depth=1", commit],
      all,
    ];
    let failure: BuildError | undefined;
    for (const way of ways) {
      try {
        await this.#tools.remote([
          ...["fetch", "--quiet", "--no-tags", "--update-head-ok", "--no-recurse-submodules"],
          ...["origin", ...way],
        ]);
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        failure ??= error; // the first tells most: the server may not be there at all
        continue;
      }
      if (await this.#has(commit)) return;
    }
    if (failure !== undefined) throw failure;
    const message = `Cannot use "${shownOf(this.#source)}": it has no commit ${commit}`;
    throw new BuildError("REMOTE", message);
  }

  async #has(commit: string): Promise<boolean> {
    try {
      await this.#tools.local(["cat-file", "-e", `${commit}^{commit}`]);
      return true;
    } catch (error) {
      if (error instanceof GitFailure) return false;
      throw error;
    }
  }

  /** What .git must not keep: passwords in the URL, and traces of when and how it was fetched. */
  async #tidy(): Promise<void> {
    const { local, tree } = this.#tools;
    await local(["remote", "set-url", "origin", redactRemote(this.#source.remote)]);
    await local(["reflog", "expire", "--all", "--expire=now"]);
    await rm(join(tree, ".git", "FETCH_HEAD"), { force: true });
  }

  async #select(): Promise<SelectedSource> {
    const { tree } = this.#tools;
    const context = await openDirectoryContext({ root: tree, ignore: undefined, index: undefined });
    const { subdir } = this.#source;
    try {
      const [selected] = await context.select(escapePattern(subdir));
      const [top] = selected?.entries ?? [];
      if (selected !== undefined && top?.type === "directory") return selected;
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "SOURCE_NOT_FOUND") throw error;
    }
    throw this.#noDirectory();
  }

  #noDirectory(): BuildError {
    const { subdir } = this.#source;
    const message = `Cannot use "${shownOf(this.#source)}": it has no directory "${subdir}"`;
    return new BuildError("REMOTE", message);
  }
}

/** Takes away .git of the repository and of its submodules, whether directory or file. */
async function removeGit(directory: string): Promise<void> {
  for (const item of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, item.name);
    if (item.name === ".git") await rm(path, { recursive: true, force: true });
    else if (item.isDirectory()) await removeGit(path);
  }
}

function escapePattern(path: string): string {
  return path.replace(/[*?[\\]/g, "\\$&");
}

function atTime(selected: SelectedSource, mtime: number): SelectedSource {
  const entries = Array.from(selected.entries, (entry): Entry =>
    entry.type === "whiteout" || entry.type === "opaque" ? entry : { ...entry, mtime },
  );
  return { ...selected, entries };
}
