/** Bytes without a pattern, the same in every run (xorshift32). */
export function noise(length: number, seed = 1): Buffer {
  const words = new Int32Array(Math.ceil(length / 4));
  let word = seed;
  for (let at = 0; at < words.length; at++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
  return Buffer.from(words.buffer, 0, length);
}
