import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** SHA-256 of files by their names. */
export type Outputs = ReadonlyMap<string, string>;

/** Flags by which a build gives the same image each time, and writes its id into `directory`. */
export function exactly(directory: string): readonly string[] {
  return ["--reproducible", "--iidfile", join(directory, "id")];
}

/** Flags by which it writes archives of these types there, too. */
export function outputsTo(directory: string, ...types: readonly string[]): readonly string[] {
  return types.flatMap((type) => ["-o", `type=${type},dest=${join(directory, type)}`]);
}

/** What is in a directory. */
export async function readOutputs(directory: string): Promise<Outputs> {
  const outputs = new Map<string, string>();
  for (const name of readdirSync(directory)) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(directory, name)), hash);
    outputs.set(name, hash.digest("hex"));
  }
  return outputs;
}

/** Fails where something was written that is not whole, is not as expected, or has a name that nobody gave. */
export async function assertOutputs(directory: string, expected: Outputs): Promise<void> {
  for (const [name, digest] of await readOutputs(directory)) {
    if (expected.get(name) !== digest) throw new Error(`${join(directory, name)} is wrong`);
  }
}
