import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../../sys/system-error.js";

/** The two files of a layer. */
export const TAR_NAME = "layer.tar";
export const INDEX_NAME = "layer.erofs";
/** An empty file beside a tar from elsewhere, which may be in any order. */
export const FOREIGN_MARK = "foreign";
/** In place of the tar where it is made of parts of two: that of the layer before, and what took the place of members of it. */
export const SHARED_NAME = "shared.tar";
export const PATCH_NAME = "patch.tar";
const PARTS_NAME = "layer.parts";

/** A part of the tar of a layer, of whole members. */
export interface TarPart {
  /** Which file it is in: as the devices of the index are numbered, from 1 on. */
  readonly device: number;
  /** In bytes. */
  readonly start: number;
  readonly end: number;
}

/** The files that contents of a layer are in: the devices of its index, in order. */
export function tarFiles(layer: string): readonly string[] {
  const shared = join(layer, SHARED_NAME);
  return existsSync(shared) ? [shared, join(layer, PATCH_NAME)] : [join(layer, TAR_NAME)];
}

/** What the tar of a layer is, in order. */
export function readParts(layer: string): readonly TarPart[] {
  const text = partsText(layer);
  if (text === undefined)
    return [{ device: 1, start: 0, end: statSync(join(layer, TAR_NAME)).size }];
  return text.split("\n").slice(0, -1).map(parsePart);
}

/** Says it of a layer that shares a tar. */
export function writeParts(layer: string, parts: readonly TarPart[]): void {
  const lines = parts.map(({ device, start, end }) => `${device} ${start} ${end}\n`);
  writeFileSync(join(layer, PARTS_NAME), lines.join(""), { flag: "wx", mode: 0o600 });
}

function partsText(layer: string): string | undefined {
  try {
    return readFileSync(join(layer, PARTS_NAME), "latin1");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

function parsePart(line: string): TarPart {
  const [, device, start, end] = /^([12]) ([0-9]+) ([0-9]+)$/.exec(line) ?? [];
  if (end === undefined) throw new Error(`not a part of the tar of a layer: ${line}`);
  return { device: Number(device), start: Number(start), end: Number(end) };
}
