import { invalid, numberAt } from "./tar-decode.js";
import { BLOCK } from "./tar-header.js";
import type { Reading } from "./tar-source.js";

/** A file that is stored without its holes (GNU tar manual, "Storing Sparse Files"). */
export interface SparseFile {
  /** With the holes, in bytes. */
  readonly size: number;
  /** Where what is stored belongs, in order: offset and length of each piece. */
  readonly map: readonly number[];
}

/** As Go's archive/tar: nobody needs more, and each costs memory. */
const MAX_PIECES = 1 << 20;

/** The format of GNU tar's own archives: a header of type "S", and blocks that go on where it is full. */
export function* readGnuSparse(
  header: Buffer,
  nextBlock: () => Reading<Buffer>,
): Reading<SparseFile> {
  const size = numberAt(header, 483, 12);
  const map: number[] = [];
  addPieces(map, header, { at: 386, count: 4 });
  for (let more = header[482]; more !== 0;) {
    const block = yield* nextBlock();
    addPieces(map, block, { at: 0, count: 21 });
    more = block[504];
  }
  return checked({ size, map });
}

function addPieces(
  map: number[],
  block: Buffer,
  { at, count }: { readonly at: number; readonly count: number },
): void {
  for (let piece = at; piece < at + count * 24; piece += 24) {
    if (block[piece] === 0) return;
    map.push(numberAt(block, piece, 12), numberAt(block, piece + 12, 12));
    if (map.length > 2 * MAX_PIECES) throw invalid("a sparse file of too many pieces");
  }
}

/**
 * What the PAX records of a member say of a sparse file: formats 0.0 and 0.1, which have the map, and
 * 1.0, where it is at the beginning of the content, in lines of `nextBlock`. Undefined for any other file.
 */
export function* readPaxSparse(
  records: ReadonlyMap<string, Buffer>,
  nextBlock: () => Reading<Buffer>,
): Reading<SparseFile | undefined> {
  const version = `${text(records, "major") ?? ""}.${text(records, "minor") ?? ""}`;
  if (version === "1.0") {
    const size = wholeNumber(text(records, "realsize") ?? text(records, "size"));
    return checked({ size, map: yield* readMapLines(nextBlock) });
  }
  const map = text(records, "map");
  if (map === undefined) return undefined;
  const size = wholeNumber(text(records, "size"));
  return checked({ size, map: map === "" ? [] : map.split(",").map(wholeNumber) });
}

/** The name of a sparse file: its member has another one, for readers that know no sparse files. */
export function sparseName(records: ReadonlyMap<string, Buffer>): string | undefined {
  return text(records, "name");
}

function text(records: ReadonlyMap<string, Buffer>, key: string): string | undefined {
  return records.get(`GNU.sparse.${key}`)?.toString("latin1");
}

/** How many pieces, then offset and length of each, a number a line, in whole blocks. */
function* readMapLines(nextBlock: () => Reading<Buffer>): Reading<readonly number[]> {
  const lines: string[] = [];
  let wanted = 1;
  for (let rest = ""; lines.length < wanted;) {
    const block = `${rest}${(yield* nextBlock()).toString("latin1")}`;
    const found = block.split("\n");
    rest = found.pop() ?? "";
    if (rest.length > BLOCK) throw invalid("a sparse file whose map is not a list of numbers");
    lines.push(...found);
    wanted = 1 + 2 * wholeNumber(lines[0]);
    if (wanted > 2 * MAX_PIECES) throw invalid("a sparse file of too many pieces");
  }
  return lines.slice(1, wanted).map(wholeNumber);
}

function wholeNumber(digits: string | undefined): number {
  if (digits !== undefined && /^[0-9]{1,15}$/.test(digits)) return Number(digits);
  throw invalid(`a sparse file with "${(digits ?? "").slice(0, 40)}" for a number`);
}

/** The pieces follow each other, and lie within the file. */
function checked(file: SparseFile): SparseFile {
  let end = 0;
  for (const [offset, length] of piecesOf(file)) {
    if (offset < end || length < 0) throw invalid("a sparse file whose pieces overlap");
    end = offset + length;
  }
  if (end > file.size) throw invalid("a sparse file with a piece behind its end");
  return file;
}

/** Bytes that are stored of a sparse file. */
export function storedSize(file: SparseFile): number {
  let sum = 0;
  for (const [, length] of piecesOf(file)) sum += length;
  return sum;
}

function* piecesOf({ map }: SparseFile): Generator<readonly [offset: number, length: number]> {
  for (let i = 0; i < map.length; i += 2) yield [map[i] ?? 0, map[i + 1] ?? 0];
}

const zeros = Buffer.alloc(1 << 16);

/** The whole file, holes and all, from what is stored of it: `storedSize` bytes. */
export async function* withHoles(
  file: SparseFile,
  stored: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pieces = [...piecesOf(file)].filter(([, length]) => length > 0).reverse();
  let [at, left] = [0, 0];
  for await (let chunk of stored) {
    while (chunk.byteLength > 0) {
      if (left === 0) {
        const [offset, length] = pieces.pop() ?? [at, chunk.byteLength];
        yield* hole(offset - at);
        [at, left] = [offset, length];
      }
      const part = chunk.subarray(0, left);
      yield part;
      chunk = chunk.subarray(part.byteLength);
      at += part.byteLength;
      left -= part.byteLength;
    }
  }
  yield* hole(file.size - at);
}

function* hole(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.byteLength) {
    yield zeros.subarray(0, Math.min(left, zeros.byteLength));
  }
}
