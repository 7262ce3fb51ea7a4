import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { BuildError } from "../../error.js";
import type { SecretSource } from "../../secret-source.js";
import { isSystemError } from "../../sys/system-error.js";
import type { SecretSpec } from "../args/secret.js";
import type { Io } from "../io.js";

/** BuildKit's limit for one secret, in bytes. */
const LARGEST = 500 * 1024;

/**
 * The secrets of the command line. That their files are there is found out now, not when a step asks;
 * files are read each time.
 */
export async function openSecrets(
  specs: readonly SecretSpec[],
  { env, cwd }: Pick<Io, "cwd" | "env">,
): Promise<SecretSource> {
  const sources = new Map<string, () => Promise<Uint8Array>>();
  for (const spec of specs) {
    const { id } = spec;
    const variable =
      spec.env ?? (spec.file === undefined && env[id] !== undefined ? id : undefined);
    if (variable !== undefined && spec.file === undefined) {
      const value = Buffer.from(env[variable] ?? "");
      checkSize(id, value.byteLength);
      sources.set(id, () => Promise.resolve(value));
    } else {
      const path = resolve(cwd, spec.file ?? id);
      await checkFile(id, path);
      sources.set(id, () => readSecret(id, path));
    }
  }
  return async (id) => await sources.get(id)?.();
}

async function checkFile(id: string, path: string): Promise<void> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw unreadable(id, path, "it is a directory");
    checkSize(id, found.size);
  } catch (cause) {
    if (cause instanceof BuildError) throw cause;
    const isMissing = isSystemError(cause, "ENOENT", "ENOTDIR");
    throw unreadable(id, path, isMissing ? "there is no such file" : "it cannot be read", cause);
  }
}

async function readSecret(id: string, path: string): Promise<Uint8Array> {
  try {
    const value = await buffer(createReadStream(path, { end: LARGEST })); // a byte too many tells
    checkSize(id, value.byteLength);
    return value;
  } catch (cause) {
    if (cause instanceof BuildError) throw cause;
    throw unreadable(id, path, "it cannot be read", cause);
  }
}

function unreadable(id: string, path: string, why: string, cause?: unknown): BuildError {
  return new BuildError("USAGE", `Cannot use secret "${id}" of file "${path}": ${why}`, { cause });
}

function checkSize(id: string, bytes: number): void {
  if (bytes <= LARGEST) return;
  throw new BuildError("USAGE", `Cannot use secret "${id}": it has more than 500 KiB`);
}
