import { assert } from "chai";

const types: Readonly<Record<number, readonly [name: string, dirent: number]>> = {
  0o100000: ["file", 1],
  0o040000: ["directory", 2],
  0o020000: ["char", 3],
  0o060000: ["block", 4],
  0o010000: ["fifo", 5],
  0o120000: ["symlink", 7],
};

/**
 * What an EROFS image of ours says, a line for each name, written from the format's description and
 * from nothing that the writer uses.
 */
export function readImage(image: Buffer, { dots = false } = {}): readonly string[] {
  assert.strictEqual(image.readUInt32LE(1024), 0xe0f5e1e2);
  assert.strictEqual(image.byteLength, image.readUInt32LE(1024 + 36) * 512);
  const lines: string[] = [];
  const walk = (path: string, nid: number): void => {
    const inode = readInode(image, nid);
    lines.push(`${path === "" ? "/" : path} ${inode.line}`);
    if (inode.type !== "directory") return;
    for (const child of readNames(image, inode)) {
      const childPath = path === "" ? child.name : `${path}/${child.name}`;
      assert.strictEqual(child.type, readInode(image, child.nid).dirent, childPath);
      if (child.name !== "." && child.name !== "..") walk(childPath, child.nid);
      else if (dots) lines.push(child.name);
    }
  };
  walk("", image.readUInt16LE(1024 + 14));
  return lines;
}

interface Inode {
  readonly line: string;
  readonly type: string;
  readonly dirent: number;
  readonly size: number;
  readonly block: number;
}

function readInode(image: Buffer, nid: number): Inode {
  const at = nid * 32;
  const layout = image.readUInt16LE(at) >> 1;
  assert.strictEqual(image.readUInt16LE(at) & 1, 1); // extended
  const units = image.readUInt16LE(at + 2);
  const mode = image.readUInt16LE(at + 4);
  const size = Number(image.readBigUInt64LE(at + 8));
  const block = image.readUInt32LE(at + 16);
  const [type, dirent] = types[mode & 0o170000] ?? ["none", 0];
  const after = at + 64 + (units === 0 ? 0 : 12 + (units - 1) * 4);
  const fields = [
    type,
    (mode & 0o7777).toString(8),
    `${image.readUInt32LE(at + 24)}:${image.readUInt32LE(at + 28)}`,
    String(image.readBigInt64LE(at + 32)),
    `nlink=${image.readUInt32LE(at + 44)}`,
    ...readXattrs(image.subarray(at + 64, after)),
    ...readData(image, { type, layout, size, block, after }),
  ];
  return { line: fields.join(" "), type, dirent, size, block };
}

function readXattrs(body: Buffer): string[] {
  const found: string[] = [];
  for (let at = 12; at < body.byteLength;) {
    const [nameLength, prefix] = [body.readUInt8(at), body.readUInt8(at + 1)];
    const valueAt = at + 4 + nameLength;
    const end = valueAt + body.readUInt16LE(at + 2);
    const name = body.toString("latin1", at + 4, valueAt);
    found.push(`${prefix}:${name}=${body.toString("hex", valueAt, end)}`);
    at = Math.ceil(end / 4) * 4;
  }
  return found;
}

interface Data extends Pick<Inode, "type" | "size" | "block"> {
  readonly layout: number;
  readonly after: number;
}

function readData(image: Buffer, { type, layout, size, block, after }: Data): string[] {
  if (type === "char" || type === "block") return [`device=${block.toString(16)}`];
  if (type === "symlink") {
    const inline = layout === 2;
    // inline data must not cross the end of a block
    if (inline) assert.strictEqual(Math.floor(after / 512), Math.floor((after + size - 1) / 512));
    const at = inline ? after : block * 512;
    return [image.toString("latin1", at, at + size)];
  }
  if (type !== "file") return [];
  if (layout === 0) return [`size=${size}`];
  assert.strictEqual(layout, 4);
  assert.strictEqual(block & 0x20, 0x20); // chunk indexes
  const bits = block & 0x1f;
  const chunks: number[] = [];
  for (let at = Math.ceil(after / 8) * 8; chunks.length * 512 * 2 ** bits < size; at += 8) {
    assert.strictEqual(image.readUInt16LE(at + 2), 1); // the tar
    chunks.push(image.readUInt32LE(at + 4));
  }
  return [`size=${size}`, `chunk=${bits}`, ...chunks.map(String)];
}

interface Name {
  readonly name: string;
  readonly nid: number;
  readonly type: number;
}

function readNames(image: Buffer, { size, block }: Inode): readonly Name[] {
  const names: Name[] = [];
  for (let start = block * 512; start < block * 512 + size; start += 512) {
    const names512 = image.subarray(start, start + 512);
    const count = names512.readUInt16LE(8) / 12;
    for (let i = 0; i < count; i++) {
      const from = names512.readUInt16LE(i * 12 + 8);
      const next = i + 1 < count ? names512.readUInt16LE((i + 1) * 12 + 8) : 512;
      const [name = ""] = names512.toString("latin1", from, next).split("\0");
      const nid = Number(names512.readBigUInt64LE(i * 12));
      names.push({ name, nid, type: names512.readUInt8(i * 12 + 10) });
    }
  }
  return names;
}
