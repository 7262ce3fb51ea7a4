/** Bytes of a SHA-256 (FIPS 180-4). */
export const SHA256_SIZE = 32;
