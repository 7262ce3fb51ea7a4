import { dirname, relative } from "node:path";
import { redactRemote } from "../../plan/git-url.js";
import { parseGoBoolean } from "../../go-boolean.js";
import type { Io } from "../io.js";
import type { Building } from "./engine.js";

/** The commit of a context that is in a git repository, and where that comes from. */
export interface Vcs {
  /** With "-dirty" where files differ from it, if BUILDX_GIT_CHECK_DIRTY asks for that. */
  readonly revision: string;
  readonly source?: string;
  /** Where the context and the Dockerfile are in the repository. */
  readonly "localdir:context": string;
  readonly "localdir:dockerfile"?: string;
}

type Asking = Pick<Building, "input" | "session">;

/** Asks git about the context (A04); undefined where there is none, or BUILDX_GIT_INFO=false. */
export async function readVcs({ input, session }: Asking): Promise<Vcs | undefined> {
  const wanted = parseGoBoolean(session.io.env["BUILDX_GIT_INFO"] ?? "");
  return wanted === false ? undefined : (await findRepository({ input, session }))?.vcs;
}

/** What BUILDX_GIT_LABELS=1 or full has an image say of itself, as buildx does (A04). */
export async function gitLabels({ input, session }: Asking): Promise<ReadonlyMap<string, string>> {
  const wanted = session.io.env["BUILDX_GIT_LABELS"] ?? "";
  if (wanted !== "full" && parseGoBoolean(wanted) !== true) return new Map();
  const found = await findRepository({ input, session });
  if (found === undefined) return new Map();
  const { vcs, top } = found;
  const place = relative(top, input.dockerfile ?? "");
  const inside = input.dockerfile === undefined || place.startsWith("../") ? undefined : place;
  const labels: readonly (readonly [string, string | undefined])[] = [
    ["com.docker.image.source.entrypoint", inside],
    ["org.opencontainers.image.revision", vcs.revision],
    ["org.opencontainers.image.source", vcs.source],
  ];
  return new Map(labels.flatMap(([name, value]) => (value ? [[name, value] as const] : [])));
}

interface Repository {
  readonly vcs: Vcs;
  /** Its directory. */
  readonly top: string;
}

async function findRepository({ input, session }: Asking): Promise<Repository | undefined> {
  const { context, dockerfile } = input;
  const { io } = session;
  if (context === undefined) return undefined;
  const told = await askGit(context, ["rev-parse", "--show-toplevel", "HEAD"], io);
  const [, top, commit] = /^(.*)\n([0-9a-f]+)$/s.exec(told ?? "") ?? [];
  if (top === undefined || commit === undefined) return undefined;
  const checks = parseGoBoolean(io.env["BUILDX_GIT_CHECK_DIRTY"] ?? "") === true;
  const isDirty = checks && (await askGit(context, ["status", "--porcelain"], io)) !== undefined;
  const source = await remoteOf(context, io);
  const place = (path: string): string => relative(top, path) || ".";
  const vcs = {
    "localdir:context": place(context),
    ...(dockerfile === undefined ? {} : { "localdir:dockerfile": place(dirname(dockerfile)) }),
    revision: isDirty ? `${commit}-dirty` : commit,
    ...(source === undefined ? {} : { source }),
  };
  return { vcs, top };
}

/** Where the repository that a directory is in comes from, without passwords; undefined where nothing says so. */
export async function remoteOf(
  directory: string,
  io: Pick<Io, "env" | "signal">,
): Promise<string | undefined> {
  const url = await askGit(directory, ["config", "--local", "--get", "remote.origin.url"], io);
  return url && redactRemote(url);
}

/** What git says in a directory; undefined where that is not a repository, or there is no git. */
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
