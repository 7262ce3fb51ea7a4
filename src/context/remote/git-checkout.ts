import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../error.js";
import { toBytePath, toHostPath, type BytePath, type Entry } from "../../oci/changeset.js";
import { redactRemote, shownOf } from "../../plan/git-url.js";
import { literalPattern } from "../../plan/paths.js";
import type { GitSource } from "../../plan/remote-source.js";
import { openDirectoryContext } from "../directory-context.js";
import type { SelectedSource } from "../source-tree.js";
import { GitFailure } from "./git.js";
import type { Resolved } from "./git-refs.js";

/** What a checkout works with. */
export interface CheckoutTools {
  /** Where the files go. */
  readonly tree: string;
  readonly local: (args: readonly string[]) => Promise<string>;
  /** With the network, and who we are. */
  readonly remote: (args: readonly string[]) => Promise<string>;
}

/** One commit of a repository on its way to files. */
export class GitCheckout {
  readonly #source: GitSource;
  readonly #resolved: Resolved;
  readonly #tools: CheckoutTools;

  constructor(source: GitSource, resolved: Resolved, tools: CheckoutTools) {
    this.#source = source;
    this.#resolved = resolved;
    this.#tools = tools;
  }

  /** The files, as they are in a fresh clone. */
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
    else await removeGit(toBytePath(this.#tools.tree));
    const selected = await this.#select();
    return this.#source.commitTime ? atTime(selected, time) : selected;
  }

  /** When it was made, in seconds since 1970. Without a filter: where a server knows none, git would fetch in circles. */
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

  /** What .git must not keep: passwords in URLs, and traces of when and how it was fetched. */
  async #tidy(): Promise<void> {
    const { local, tree } = this.#tools;
    await local(["remote", "set-url", "origin", redactRemote(this.#source.remote)]);
    // A submodule may be named relative to that.
    if (this.#source.submodules) await local(["submodule", "sync", "--quiet", "--recursive"]);
    await rm(join(tree, ".git", "FETCH_HEAD"), { force: true });
  }

  async #select(): Promise<SelectedSource> {
    const { tree } = this.#tools;
    const context = await openDirectoryContext({ root: tree, ignore: undefined, index: undefined });
    const { subdir } = this.#source;
    try {
      const [selected] = await context.select(literalPattern(subdir));
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

/** Takes away .git of the repository and of its submodules, whether directory or file; names may be no text. */
async function removeGit(directory: BytePath): Promise<void> {
  const host = toHostPath(directory);
  for (const item of await readdir(host, { withFileTypes: true, encoding: "latin1" })) {
    const path = `${directory}/${item.name}` as BytePath;
    if (item.name === ".git") await rm(toHostPath(path), { recursive: true, force: true });
    else if (item.isDirectory()) await removeGit(path);
  }
}

function atTime(selected: SelectedSource, mtime: number): SelectedSource {
  const entries = Array.from(selected.entries, (entry): Entry =>
    entry.type === "whiteout" || entry.type === "opaque" ? entry : { ...entry, mtime },
  );
  return { ...selected, entries };
}
