import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Board } from "../../builder/board.js";
import { foreignState, type Foreign } from "../../builder/remote-state.js";
import { newestFile } from "../../context/remote/newest-file.js";
import { openRootfs, type ReadableRootfs } from "../../context/rootfs.js";
import { single, type SelectedSource } from "../../context/source-tree.js";
import { BuildError, type Source } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { redactUrl } from "../../registry/http/web-url.js";
import { toBytePath } from "../../oci/changeset.js";
import { readContent } from "../../oci/content.js";
import { looksLikeArchive } from "../../oci/looks-like-archive.js";
import { gitSource, shownOf, type GitUrl } from "../../plan/git-url.js";
import { httpSource, type RemoteSource } from "../../plan/remote-source.js";
import type { RemoteContent, RemoteReader } from "../../context/remote/remotes.js";
import type { Session } from "../session.js";
import { storeParts } from "./engine.js";
import type { Dated, OpenForeign } from "./foreign-contexts.js";
import { dockerfileNames, type BuildInput, type RemoteContext, type RemoteInput } from "./input.js";
import { dockerfileLimit } from "./standard-input.js";

/** What fetching a remote input needs. */
export interface RemoteTools {
  readonly session: Session;
  readonly remotes: RemoteReader;
  readonly board: Board;
  /** BUILDKIT_CONTEXT_KEEP_GIT_DIR and SOURCE_DATE_EPOCH are of interest here. */
  readonly buildArgs: ReadonlyMap<string, string>;
}

/** A Dockerfile, with the context it is built from where that is not a directory of this machine. */
export interface ReadInput {
  readonly input: BuildInput;
  readonly context: OpenForeign | undefined;
}

/** Fetches and unpacks what is remote, and reads the Dockerfile (SEMANTICS B03, B05 to B07). */
export async function readRemoteInput(remote: RemoteInput, tools: RemoteTools): Promise<ReadInput> {
  const context = await openContext(remote.context, tools);
  const source = await readDockerfile(remote, context, tools);
  const root = remote.context.kind === "directory" ? remote.context.root : undefined;
  const scope = `${context?.shown ?? root ?? ""} ${source.name}`;
  const input = { source, dockerfile: undefined, context: root, scope };
  return { input, context: context && (() => Promise.resolve(context)) };
}

/** A context, and the name of the only file that counts as its Dockerfile. */
interface OpenContext extends Dated {
  /** What the user called it, without secrets. */
  readonly shown: string;
  readonly onlyFile: string | undefined;
}

async function openContext(
  context: RemoteContext,
  tools: RemoteTools,
): Promise<OpenContext | undefined> {
  switch (context.kind) {
    case "directory":
      return undefined;
    case "archive":
      return {
        ...(await spool(context.bytes, tools)),
        shown: "standard input",
        onlyFile: undefined,
      };
    case "git": {
      const source = contextSource(context.url, tools);
      const title = `load git source ${shownOf(source)}`;
      const content = await resolve(source, title, tools);
      return { ...content, shown: shownOf(source), unpack: false, onlyFile: undefined };
    }
    case "http": {
      const source = { ...httpSource(context.url), name: contextName };
      const content = await resolve(source, "load remote build context", tools);
      const unpack = await isArchive(await content.open(tools.session.io.signal));
      const shown = redactUrl(new URL(context.url));
      return { ...content, shown, unpack, onlyFile: unpack ? undefined : contextName };
    }
  }
}

/** What BuildKit calls a downloaded context. */
const contextName = "context";

/** A git context with what build arguments say about it. */
function contextSource(url: GitUrl, { buildArgs }: RemoteTools): RemoteSource & { kind: "git" } {
  const keep = buildArgs.get("BUILDKIT_CONTEXT_KEEP_GIT_DIR");
  const source = gitSource(url);
  return {
    ...source,
    keepGitDir: source.keepGitDir || parseGoBoolean(keep ?? "") === true,
    commitTime: url.commitTime ?? buildArgs.has("SOURCE_DATE_EPOCH"),
  };
}

/** A named context from elsewhere (B14): a repository, or a file as it was downloaded. */
export function openNamed(source: RemoteSource, title: string, tools: RemoteTools): OpenForeign {
  const named = source.kind === "http" ? { ...source, name: contextName } : source;
  return async () => ({ ...(await resolve(named, title, tools)), unpack: false });
}

/** What a source from elsewhere is now, as progress shows under `title`. */
export function resolve(
  source: RemoteSource,
  title: string,
  { session, remotes, board }: Omit<RemoteTools, "buildArgs">,
): Promise<RemoteContent> {
  const { signal } = session.io;
  const vertex = board.declare(`[internal] ${title}`);
  const onBytes = (current: number, total: number | undefined): void => {
    board.progress(vertex, contextName, current, total);
  };
  return board.during(vertex, () => remotes.resolve(source, onBytes, signal), signal);
}

/** A tar that comes once, as a file; what it holds is known by its digest. */
async function spool(
  bytes: AsyncIterable<Uint8Array>,
  { session, board }: RemoteTools,
): Promise<Dated> {
  const { io, store } = session;
  const path = join(store.work, "context.tar");
  const hash = createHash("sha256");
  const vertex = board.declare("[internal] load build context from standard input");
  const size = await board.during(
    vertex,
    () => write(path, watched(bytes, hash, io.signal)),
    io.signal,
  );
  const sha256 = hash.digest("hex");
  const content = { kind: "file", path: toBytePath(path), offset: 0 } as const;
  const owned = { mode: 0o600, uid: 0, gid: 0, mtime: 0 };
  const file = { type: "file", path: toBytePath(""), ...owned, size, content, sha256 } as const;
  return {
    title: "the archive on standard input",
    identity: ["archive", sha256],
    unpack: true,
    open: () => Promise.resolve(single(toBytePath(contextName), file)),
    time: () => newestFile(readContent(file)),
  };
}

async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
    yield chunk;
  }
}

async function write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, "wx", 0o600);
  let size = 0;
  for await (const chunk of bytes) {
    await file.writeFile(chunk);
    size += chunk.byteLength;
  }
  return size;
}

async function isArchive({ entries: [file] }: SelectedSource): Promise<boolean> {
  if (file?.type !== "file" || file.content.kind !== "file") return false;
  await using handle = await open(file.content.path, "r");
  const head = Buffer.alloc(512);
  const { bytesRead } = await handle.read(head, 0, head.byteLength, 0);
  return looksLikeArchive(head.subarray(0, bytesRead));
}

async function readDockerfile(
  { dockerfile, context: where }: RemoteInput,
  context: OpenContext | undefined,
  tools: RemoteTools,
): Promise<Source> {
  if (context?.onlyFile !== undefined && dockerfile.kind === "inside") {
    return readInside(await filesOf(context, tools), {
      path: context.onlyFile,
      where: context.shown,
    });
  }
  switch (dockerfile.kind) {
    case "given":
      return dockerfile.source;
    case "url":
      return await downloadDockerfile(dockerfile.url, tools);
    case "inside": {
      if (context === undefined) throw new Error(`a ${where.kind} is no place to look inside`);
      const { path } = dockerfile;
      return readInside(await filesOf(context, tools), { path, where: context.shown });
    }
  }
}

async function filesOf(context: Foreign, { session }: RemoteTools): Promise<ReadableRootfs> {
  const { io, store } = session;
  const state = await foreignState(context, storeParts(store), io.signal);
  return openRootfs(await store.snapshotter.view(await state.chain(io.signal)));
}

interface Inside {
  readonly path: string | undefined;
  readonly where: string;
}

function readInside(files: ReadableRootfs, { path, where }: Inside): Source {
  for (const name of path === undefined ? dockerfileNames : [path]) {
    const bytes = files.readFile(toBytePath(name), dockerfileLimit);
    if (bytes !== undefined) return { name, text: Buffer.from(bytes).toString("utf8") };
  }
  const wanted = path === undefined ? "a Dockerfile" : `the Dockerfile "${path}"`;
  throw new BuildError("CONTEXT", `Cannot find ${wanted} in "${where}"`, {
    hint: path === undefined ? "name one with --file" : "--file names a file in the context",
  });
}

async function downloadDockerfile(url: string, tools: RemoteTools): Promise<Source> {
  const shown = redactUrl(new URL(url));
  const source = { ...httpSource(url), limit: dockerfileLimit };
  const content = await resolve(source, `load remote Dockerfile ${shown}`, tools);
  const [file] = (await content.open(tools.session.io.signal)).entries;
  if (file?.type !== "file" || file.content.kind !== "file") throw new Error("a URL gives a file");
  await using handle = await open(file.content.path, "r");
  return {
    name: basename(new URL(url).pathname) || "Dockerfile",
    text: await handle.readFile("utf8"),
  };
}
