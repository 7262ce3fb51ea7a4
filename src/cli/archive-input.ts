import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { addAbortSignal } from "node:stream";
import { BuildError } from "../error.js";
import type { Io } from "./io.js";

/** The bytes of an archive of the user's: a file, or standard input where none is named. */
export async function readArchiveInput(
  path: string | undefined,
  verb: "import" | "load",
  io: Io,
): Promise<AsyncIterable<Uint8Array>> {
  if (path !== undefined) return await readFile(path, verb, io);
  if (!io.terminal.in) return io.in as AsyncIterable<Uint8Array>;
  throw new BuildError("USAGE", `Cannot ${verb} from a terminal`, {
    hint: "redirect an archive to standard input, or name a file",
  });
}

/** Opened at once: a stream that cannot open would fail before anybody reads it. */
async function readFile(
  path: string,
  verb: string,
  { cwd, signal }: Io,
): Promise<AsyncIterable<Uint8Array>> {
  const file = await open(resolve(cwd, path));
  if (!(await file.stat()).isDirectory()) {
    return addAbortSignal(signal, file.createReadStream()) as AsyncIterable<Uint8Array>;
  }
  await file.close();
  throw new BuildError("INVALID_ARCHIVE", `Cannot ${verb} "${path}": it is a directory`);
}
