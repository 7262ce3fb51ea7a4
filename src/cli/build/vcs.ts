import { redactRemote } from "../../plan/git-url.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { Building } from "./engine.js";

/** The commit of a context that is a git repository, and where that comes from. */
export interface Vcs {
  readonly revision: string;
  readonly source?: string;
}

/** Asks git about the context (A04); undefined where there is none, or BUILDX_GIT_INFO=false. */
export async function readVcs({ input, session }: Building): Promise<Vcs | undefined> {
  const { env, signal } = session.io;
  const directory = input.context;
  if (directory === undefined || parseGoBoolean(env["BUILDX_GIT_INFO"] ?? "") === false)
    return undefined;
  const { Git } = await import("../../context/remote/git.js");
  const git = new Git({ guard: [], env, authorities: undefined, knownHosts: [] });
  const ask = async (...args: readonly string[]): Promise<string | undefined> => {
    try {
      return (await git.run({ args, directory }, signal)).trim() || undefined;
    } catch {
      signal.throwIfAborted();
      return undefined; // no repository, no commit, no git
    }
  };
  const revision = await ask("rev-parse", "--verify", "HEAD");
  const source = revision && (await ask("config", "--local", "--get", "remote.origin.url"));
  return revision === undefined
    ? undefined
    : { revision, ...(source ? { source: redactRemote(source) } : {}) };
}
