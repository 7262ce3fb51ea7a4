import { lstatSync, readFileSync, statSync, type Stats } from "node:fs";
import { basename, join, resolve } from "node:path";
import { BuildError, type Source } from "../../error.js";
import { isSystemError } from "../../sys/syscalls.js";
import type { BuildCommand } from "../command.js";
import type { Io } from "../io.js";

/** The Dockerfile's text and the directory it is built from. */
export interface BuildInput {
  readonly source: Source;
  /** Host path of the Dockerfile; undefined when it came from standard input. */
  readonly dockerfile: string | undefined;
  /** Host path; undefined when there is none (`tsbuild - < Dockerfile`). */
  readonly context: string | undefined;
}

/** Docker's limit for a Dockerfile that is not a file. */
const MAX_STDIN = 2 * 1024 * 1024;

/** Finds and reads what PATH, `-` and `--file` name (SEMANTICS.md B01, B02, B04, B05). */
export async function readInput(
  { context, file }: Pick<BuildCommand, "context" | "file">,
  io: Io,
): Promise<BuildInput> {
  if (context === "-") return await fromStandardInput(file, io);
  rejectRemote(context);
  if (file !== undefined) rejectRemoteFile(file);
  const root = resolve(io.cwd, context);
  checkDirectory(context, root);
  if (file === "-") {
    return { source: await readStandardInput(io), dockerfile: undefined, context: root };
  }
  const dockerfile = file === undefined ? findDockerfile(root) : resolve(io.cwd, file);
  return { source: readDockerfile(dockerfile, file), dockerfile, context: root };
}

async function fromStandardInput(file: string | undefined, io: Io): Promise<BuildInput> {
  if (file !== undefined) {
    const message =
      file === "-"
        ? "Cannot use standard input for both the build context and the Dockerfile"
        : 'Cannot use --file with the context "-": standard input is the Dockerfile';
    throw new BuildError("USAGE", message);
  }
  return { source: await readStandardInput(io), dockerfile: undefined, context: undefined };
}

async function readStandardInput({ in: input }: Io): Promise<Source> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((size += chunk.byteLength) > MAX_STDIN) throw tooLarge();
  }
  const bytes = Buffer.concat(chunks);
  if (isArchive(bytes)) {
    throw new BuildError(
      "UNSUPPORTED",
      "Cannot use an archive on standard input as the build context: not supported yet",
      {
        hint: "unpack it, and name the directory",
      },
    );
  }
  return { name: "-", text: bytes.toString("utf8") };
}

function tooLarge(): BuildError {
  return new BuildError("USAGE", "Cannot read a Dockerfile from standard input: more than 2 MiB");
}

/** gzip, bzip2, xz, zstd or a tar, by their first bytes (B03). */
function isArchive(bytes: Buffer): boolean {
  const magics = ["1f8b", "425a68", "fd377a585a00", "28b52ffd"];
  const head = bytes.toString("hex", 0, 6);
  return (
    magics.some((magic) => head.startsWith(magic)) || bytes.toString("latin1", 257, 262) === "ustar"
  );
}

function rejectRemote(context: string): void {
  if (!/^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context)) return;
  throw new BuildError(
    "UNSUPPORTED",
    `Cannot use "${context}" as a build context: remote contexts are not supported yet`,
    {
      hint: "clone or download it, and name the directory",
    },
  );
}

function rejectRemoteFile(file: string): void {
  if (!/^https?:\/\//.test(file)) return;
  const message = `Cannot use --file "${file}": a remote Dockerfile is not supported yet`;
  throw new BuildError("UNSUPPORTED", message, { hint: "download it, and name the file" });
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
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** `Dockerfile`, else BuildKit's fallback `dockerfile`. */
function findDockerfile(root: string): string {
  for (const name of ["Dockerfile", "dockerfile"]) {
    const path = join(root, name);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  }
  throw new BuildError("CONTEXT", `Cannot find a Dockerfile in "${root}"`, {
    hint: "name one with --file",
  });
}

function readDockerfile(path: string, file: string | undefined): Source {
  try {
    return { name: file ?? basename(path), text: readFileSync(path, "utf8") };
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "EISDIR")) throw cause;
    const why = isSystemError(cause, "ENOENT") ? "no such file" : "it is a directory";
    const message = `Cannot read the Dockerfile "${file ?? path}": ${why}`;
    throw new BuildError("CONTEXT", message, { cause });
  }
}
