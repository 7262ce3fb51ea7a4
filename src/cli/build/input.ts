import { closeSync, fstatSync, lstatSync, openSync, readSync, statSync, type Stats } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { BuildError, type Source } from "../../error.js";
import { isHttpUrl } from "../../plan/remote-source.js";
import { parseGitContext, type GitUrl } from "../../plan/git-url.js";
import { isSystemError } from "../../sys/system-error.js";
import type { BuildCommand } from "../build-command.js";
import type { Io } from "../io.js";
import { readStandardInput } from "./standard-input.js";

/** The Dockerfile's text and the directory it is built from. */
export interface BuildInput {
  readonly source: Source;
  /** Host path of the Dockerfile; undefined when it is not a file of this machine. */
  readonly dockerfile: string | undefined;
  /** Host path; undefined when there is none (`tsbuild - < Dockerfile`), or it is elsewhere. */
  readonly context: string | undefined;
  /** What tells this Dockerfile from others when a miss is explained. */
  readonly scope: string;
}

/** An input of which something has to be fetched or unpacked before the Dockerfile can be read. */
export interface RemoteInput {
  readonly context: RemoteContext;
  readonly dockerfile: RemoteDockerfile;
}

/** Where the files of such a build are; a directory where only the Dockerfile is elsewhere. */
export type RemoteContext =
  /** Host path. */
  | { readonly kind: "directory"; readonly root: string }
  /** A tar on standard input, compressed or not. */
  | { readonly kind: "archive"; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: "git"; readonly url: GitUrl }
  | { readonly kind: "http"; readonly url: string };

/** Where the Dockerfile of such a build is. */
export type RemoteDockerfile =
  | { readonly kind: "given"; readonly source: Source }
  /** Undefined is `Dockerfile`. */
  | { readonly kind: "inside"; readonly path: string | undefined }
  | { readonly kind: "url"; readonly url: string };

/** What `readInput` found: the input, or what is still to be done for it. */
export type FoundInput =
  | { readonly kind: "local"; readonly input: BuildInput }
  | { readonly kind: "remote"; readonly input: RemoteInput };

/** Finds and reads what PATH, `-`, URLs and `--file` name (SEMANTICS.md B01 to B07). */
export async function readInput(
  { context, file }: Pick<BuildCommand, "context" | "file">,
  io: Io,
): Promise<FoundInput> {
  if (context === "-") return await fromStandardInput(file, io);
  const root = resolve(io.cwd, context);
  const remote = isDirectory(root) ? undefined : remoteContext(context);
  if (remote !== undefined) {
    return {
      kind: "remote",
      input: { context: remote, dockerfile: await remoteDockerfile(file, io) },
    };
  }
  checkDirectory(context, root);
  if (file !== undefined && isHttpUrl(file)) {
    const dockerfile = { kind: "url", url: file } as const;
    return { kind: "remote", input: { context: { kind: "directory", root }, dockerfile } };
  }
  if (file === "-") {
    const source = await readDockerfileInput(io);
    return local({ source, dockerfile: undefined, context: root, scope: "-" });
  }
  const dockerfile = file === undefined ? findDockerfile(root) : resolve(io.cwd, file);
  const source = readDockerfile(dockerfile, file);
  return local({ source, dockerfile, context: root, scope: dockerfile });
}

function local(input: BuildInput): FoundInput {
  return { kind: "local", input };
}

async function fromStandardInput(file: string | undefined, io: Io): Promise<FoundInput> {
  if (file === "-") {
    throw new BuildError(
      "USAGE",
      "Cannot build: can't use stdin for both build context and dockerfile",
    );
  }
  const input = await readStandardInput(io.in);
  if (input.kind === "archive") {
    const dockerfile = await archiveDockerfile(file, io);
    return { kind: "remote", input: { context: input, dockerfile } };
  }
  if (file === undefined) {
    const source = { name: "-", text: input.text };
    return local({ source, dockerfile: undefined, context: undefined, scope: "-" });
  }
  throw new BuildError(
    "USAGE",
    `Cannot use --file "${file}" with the Dockerfile on standard input: ambiguous Dockerfile source`,
    { hint: "standard input may also be a tar of the whole context" },
  );
}

/** As `archiveDockerfile`, but an absolute path is a file of this machine. */
async function remoteDockerfile(file: string | undefined, io: Io): Promise<RemoteDockerfile> {
  if (file === undefined || !isAbsolute(file)) return await archiveDockerfile(file, io);
  return { kind: "given", source: readDockerfile(file, file) };
}

/** Standard input for `-`, a URL, or a path inside of the context. */
async function archiveDockerfile(file: string | undefined, io: Io): Promise<RemoteDockerfile> {
  if (file === "-") return { kind: "given", source: await readDockerfileInput(io) };
  return file !== undefined && isHttpUrl(file)
    ? { kind: "url", url: file }
    : { kind: "inside", path: file };
}

async function readDockerfileInput(io: Io): Promise<Source> {
  const input = await readStandardInput(io.in);
  if (input.kind === "text") return { name: "-", text: input.text };
  throw new BuildError(
    "USAGE",
    "Cannot read the Dockerfile from standard input: it is an archive",
    {
      hint: 'an archive may be the context: tsbuild - < archive.tar, without "--file -"',
    },
  );
}

function remoteContext(context: string): RemoteContext | undefined {
  const url = parseGitContext(context);
  if (url !== undefined) return { kind: "git", url };
  return isHttpUrl(context) ? { kind: "http", url: context } : undefined;
}

function isDirectory(path: string): boolean {
  return statIfThere(path)?.isDirectory() === true;
}

function checkDirectory(context: string, root: string): void {
  const found = statIfThere(root);
  if (found?.isDirectory() === true) return;
  const [why, hint] =
    found === undefined
      ? ["no such directory", undefined]
      : ["not a directory", "name the directory, and the Dockerfile with --file"];
  throw new BuildError("CONTEXT", `Cannot use "${context}" as a build context: ${why}`, { hint });
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}

/** `Dockerfile`, else BuildKit's fallback `dockerfile`. */
export const dockerfileNames: readonly string[] = ["Dockerfile", "dockerfile"];

function findDockerfile(root: string): string {
  for (const name of dockerfileNames) {
    const path = join(root, name);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  }
  throw new BuildError("CONTEXT", `Cannot find a Dockerfile in "${root}"`, {
    hint: "name one with --file",
  });
}

function readDockerfile(path: string, file: string | undefined): Source {
  try {
    return { name: file ?? basename(path), text: readText(path, file ?? path) };
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "EISDIR")) throw cause;
    const why = isSystemError(cause, "ENOENT") ? "no such file" : "it is a directory";
    const message = `Cannot read the Dockerfile "${file ?? path}": ${why}`;
    throw new BuildError("CONTEXT", message, { cause });
  }
}

/** BuildKit takes more only of comments: what steps say of it goes in one message, for which this is the limit. */
const largest = 16 * 1024 * 1024;

/** Of a file, a pipe or a device, of which some have no end. */
function readText(path: string, shown: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(file).size || largest, largest) + 1);
    let size = 0;
    for (let got = -1; got !== 0; size += got)
      got = readSync(file, bytes, size, bytes.byteLength - size, null);
    if (size <= largest && size < bytes.byteLength) return bytes.toString("utf8", 0, size);
  } finally {
    closeSync(file);
  }
  throw new BuildError("CONTEXT", `Cannot read the Dockerfile "${shown}": more than 16 MiB`);
}
