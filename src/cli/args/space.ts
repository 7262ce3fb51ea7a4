import { parseSize } from "./size.js";
import { badValue } from "./usage-error.js";

/** An amount of disk space. */
export type Space = { readonly bytes: number } | { readonly percent: number };

const partOfDisk = 'or a part of the disk, such as "20%"';

/** Reads "10GB" as parseSize does, or "20%" of the disk. */
export function parseSpace(flag: string, text: string): Space {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) return { bytes: parseSize(flag, text, partOfDisk) };
  if (Number(percent) > 100) throw badValue(flag, text, "want at most 100%");
  return { percent: Number(percent) };
}

/** On a disk of that size. */
export function bytesOf(space: Space, disk: number): number {
  return "bytes" in space ? space.bytes : Math.floor((disk * space.percent) / 100);
}
