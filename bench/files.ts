import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const PER_DIRECTORY = 100;
const SIZE = 2_000;

/** Writes `count` files of 2 kB in directories of 100; no two turns write the same ones. */
export function writeSmallFiles(directory: string, count: number, turn: number): void {
  const filler = randomBytes(SIZE).toString("hex").slice(0, SIZE);
  for (let index = 0; index < count; index++) {
    if (index % PER_DIRECTORY === 0) mkdirSync(parentOf(directory, index), { recursive: true });
    writeFileSync(smallFile(directory, index), `${turn} ${index} ${filler}`.slice(0, SIZE));
  }
}

/** Where `writeSmallFiles` puts file `index`. */
export function smallFile(directory: string, index: number): string {
  return join(parentOf(directory, index), `file-${index}.txt`);
}

function parentOf(directory: string, index: number): string {
  return join(directory, `directory-${Math.floor(index / PER_DIRECTORY)}`);
}

/** Writes random bytes, which no filesystem and no compressor makes small. */
export async function writeLargeFile(path: string, size: number): Promise<void> {
  await using file = await open(path, "w");
  const piece = 4 << 20;
  for (let written = 0; written < size; written += piece) {
    await file.write(randomBytes(Math.min(piece, size - written)));
  }
}

/** A dockerfile, written into its context. */
export function writeDockerfile(context: string, lines: readonly string[]): void {
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), `${lines.join("\n")}\n`);
}

/** Lets files grow older than the clock ticks of any filesystem, as those of a project are. */
export async function settle(): Promise<void> {
  await setTimeout(1_500);
}
