import { encodeHeader, type TarHeader } from "../../src/oci/tar-header.js";

/** The members of a tar, written down one by one, then the end. */
export function tar(
  ...members: readonly (Partial<TarHeader> & { readonly body?: string | Buffer })[]
): Buffer {
  const blocks = members.map(({ body = "", ...header }) => {
    const bytes = Buffer.from(body);
    const member = Buffer.alloc(512 + Math.ceil(bytes.length / 512) * 512);
    encodeHeader({ ...plain, size: bytes.length, ...header }, member, 0);
    bytes.copy(member, 512);
    return member;
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const plain: TarHeader = {
  name: "name",
  type: "0",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  linkName: "",
  major: 0,
  minor: 0,
  xattrs: undefined,
};

/** A PAX record with its length in front. */
export function pax(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return `${length}${rest}`;
}

/** Puts the right checksum into the first header. */
export function resum(bytes: Buffer): Buffer {
  bytes.fill(" ", 148, 156);
  let sum = 0;
  for (const byte of bytes.subarray(0, 512)) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}
