import { chmod, mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import { shownOf } from "../../plan/git-url.js";
import type { GitSource } from "../../plan/remote-source.js";
import type { SecretSource } from "../../secret-source.js";
import type { SelectedSource } from "../source-tree.js";
import { gitAuthorization } from "./authorization.js";
import { GitFailure, type Git, type GitCall } from "./git.js";
import { GitCheckout } from "./git-checkout.js";
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

  async #checkout(
    source: GitSource,
    resolved: Resolved,
    signal: AbortSignal,
  ): Promise<GitCheckout> {
    const directory = await mkdtemp(join(this.#options.work, "git-"));
    const tree = join(directory, "tree");
    await mkdir(tree);
    await chmod(tree, 0o755); // whatever the umask is
    return new GitCheckout(source, resolved, {
      tree,
      local: (args) => this.#options.git.run({ args, directory: tree }, signal),
      remote: (args) => this.#remote(source, { args, directory: tree }, signal),
    });
  }

  /** Calls git with what the repository wants to see of us. */
  async #remote(source: GitSource, call: GitCall, signal: AbortSignal): Promise<string> {
    const { git, secrets } = this.#options;
    const authorization = await gitAuthorization(source.remote, secrets);
    const config = authorization === undefined ? [] : authorizing(source.remote, authorization);
    try {
      return await git.run({ ...call, config }, signal);
    } catch (cause) {
      throw cause instanceof GitFailure ? unreadable(source, cause) : cause;
    }
  }
}

/**
 * Settings that show a token to the server it is for. A token for a repository on GitHub is for its submodules there, too, and
 * for where GitHub says that a repository is now. Elsewhere it is for this repository alone, and no redirect is followed:
 * git would send it on to whatever host that names.
 */
function authorizing(remote: string, authorization: string): NonNullable<GitCall["config"]> {
  const gitHub = /^https:\/\/(?:www\.)?github\.com\//.exec(remote)?.[0];
  const header = `Authorization: ${authorization}`;
  return gitHub !== undefined
    ? [[`http.${gitHub}.extraheader`, header]]
    : [
        [`http.${remote}.extraheader`, header],
        [`http.${remote}.followRedirects`, "false"],
      ];
}

function unreadable(source: GitSource, cause: GitFailure): BuildError {
  const message = `Cannot fetch "${shownOf(source)}": ${cause.message}`;
  return new BuildError("REMOTE", message, { cause, hint: hintFor(source, cause) });
}

function hintFor({ remote }: GitSource, { stderr }: GitFailure): string | undefined {
  if (/returned error: 30[12378]/.test(stderr))
    return "a token does not follow a redirect: name the URL that the repository has now";
  if (!/authentication|could not read (?:username|password)|permission denied|403/i.test(stderr))
    return undefined;
  return /^https?:/i.test(remote)
    ? "a private repository wants the secret GIT_AUTH_TOKEN, given with --secret"
    : "a private repository wants a key in the ssh agent that SSH_AUTH_SOCK names";
}
