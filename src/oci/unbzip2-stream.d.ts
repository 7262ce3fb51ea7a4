/** The block decoder of unbzip2-stream, which its own stream drives with everything in memory. */
declare module "unbzip2-stream/lib/bzip2.js" {
  interface Bits {
    /** The next bits, at most 32, most significant first. */
    (count: number): number;
    /** Goes on to the next byte. */
    (align: null): void;
  }
  const decoder: {
    /** Reads the head of a stream: its block size, in 100,000 bytes. */
    header(bits: Bits): number;
    /** Reads a block; gives the checksum so far, or null at the end of the stream. */
    decompress(
      bits: Bits,
      put: (byte: number) => void,
      block: Int32Array,
      blockLength: number,
      checksum: number,
    ): number | null;
  };
  export default decoder;
}
