import { redactRemote } from "../../plan/git-url.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { Io } from "../io.js";
import type { Building } from "./engine.js";

/** The commit of a context that is a git repository, and where that comes from. */
export interface Vcs {
  readonly revision: string;
  readonly source?: string;
}

/** Asks git about the context (A04); undefined where there is none, or BUILDX_GIT_INFO=false. */
export async function readVcs({ input, session }: Building): Promise<Vcs | undefined> {
  const { env } = session.io;
  const directory = input.context;
  if (directory === undefined || parseGoBoolean(env["BUILDX_GIT_INFO"] ?? "") === false)
    return undefined;
  const revision = await askGit(directory, ["rev-parse", "--verify", "HEAD"], session.io);
  const source = revision && (await remoteOf(directory, session.io));
  return revision === undefined ? undefined : { revision, ...(source ? { source } : {}) };
}

/** Where the repository that a directory is in comes from, without passwords; undefined where nothing says so. */
export async function remoteOf(
  directory: string,
  io: Pick<Io, "env" | "signal">,
): Promise<string | undefined> {
  const url = await askGit(directory, ["config", "--local", "--get", "remote.origin.url"], io);
  return url && redactRemote(url);
}

/** What git says in a directory; undefined where that is no repository, or there is no git. */
export async function askGit(
  directory: string,
  args: readonly string[],
  { env, signal }: Pick<Io, "env" | "signal">,
): Promise<string | undefined> {
  const { Git } = await import("../../context/remote/git.js");
  const git = new Git({ guard: [], env, authorities: undefined, knownHosts: [] });
  try {
    return (await git.run({ args, directory }, signal)).trim() || undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
