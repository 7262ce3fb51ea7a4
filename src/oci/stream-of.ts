/** Bytes at hand as a stream of one chunk, for what takes streams. */
// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
export async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
