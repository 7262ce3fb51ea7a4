/**
 * The same bytes, for the numbers in them: where tens of thousands are read, a Buffer takes ten times as long until it is
 * compiled, and longer than this even then.
 */
export function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
